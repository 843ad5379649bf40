#include "loop/signal.h"

#include <utility>

#include "loop/handle.h"

namespace dingtail::loop {

struct Signal::Impl : Box<uv_signal_t, std::function<void()>> {};

void Signal::Closer::operator()(Impl* impl) const {
  close_box(impl);
}

Signal::Signal(Loop& loop, int number, std::function<void()> on_signal) : impl_(new Impl) {
  impl_->callback = std::move(on_signal);
  uv_signal_init(loop.raw(), &impl_->handle);
  impl_->handle.data = impl_.get();
  const auto arrived = [](uv_signal_t* handle, int) {
    auto* box = static_cast<Impl*>(handle->data);
    if (!box->dropped) box->callback();
  };
  uv_signal_start(&impl_->handle, arrived, number);
}

}  // namespace dingtail::loop
