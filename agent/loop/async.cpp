#include "loop/async.h"

#include <cstdlib>
#include <utility>

#include "loop/handle.h"

namespace dingtail::loop {

struct Async::Impl : Box<uv_async_t, std::function<void()>> {};

void Async::Closer::operator()(Impl* impl) const {
  close_box(impl);
}

Async::Async(Loop& loop, std::function<void()> on_wake) : impl_(new Impl) {
  impl_->callback = std::move(on_wake);
  const auto woken = [](uv_async_t* handle) {
    auto* box = static_cast<Impl*>(handle->data);
    if (!box->dropped) box->callback();
  };
  if (uv_async_init(loop.raw(), &impl_->handle, woken) != 0) std::abort();  // no descriptor left at start
  impl_->handle.data = impl_.get();
}

void Async::wake() {
  uv_async_send(&impl_->handle);
}

}  // namespace dingtail::loop
