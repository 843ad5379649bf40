// How a libuv handle is owned: a unique_ptr to a Box whose deleter marks it dropped and closes it; libuv's
// close callback, a turn later, frees the memory. A callback that destroys its own handle is safe: the Box
// outlives it. Internal to loop/.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>

namespace dingtail::loop {

template <class Handle, class Callback>
struct Box {
  Handle handle{};
  Callback callback;
  bool dropped = false;

  uv_handle_t* base() { return reinterpret_cast<uv_handle_t*>(&handle); }
};

template <class BoxType>
void close_box(BoxType* box) {
  box->dropped = true;
  uv_close(box->base(), [](uv_handle_t* handle) { delete static_cast<BoxType*>(handle->data); });
}

}  // namespace dingtail::loop
