#include "loop/poll.h"

#include <utility>

#include "loop/handle.h"

namespace dingtail::loop {

struct Poll::Impl : Box<uv_poll_t, std::function<void(Ready)>> {};

void Poll::Closer::operator()(Impl* impl) const {
  uv_poll_stop(&impl->handle);
  close_box(impl);
}

base::Result<Poll> Poll::open(Loop& loop, int fd, std::function<void(Ready)> on_ready) {
  auto fresh = std::make_unique<Impl>();
  if (const int error = uv_poll_init(loop.raw(), &fresh->handle, fd); error != 0)
    return base::fail_errno("polling a descriptor", -error);
  fresh->callback = std::move(on_ready);
  fresh->handle.data = fresh.get();
  return Poll(Owned(fresh.release()));
}

void Poll::watch(Interest interest) {
  const int events = (interest.read ? UV_READABLE : 0) | (interest.write ? UV_WRITABLE : 0);
  if (events == 0) {
    uv_poll_stop(&impl_->handle);
    return;
  }
  const auto ready = [](uv_poll_t* handle, int status, int got) {
    auto* box = static_cast<Impl*>(handle->data);
    if (box->dropped) return;
    box->callback({(got & UV_READABLE) != 0, (got & UV_WRITABLE) != 0, status != 0});
  };
  uv_poll_start(&impl_->handle, events, ready);
}

}  // namespace dingtail::loop
