#include "loop/timer.h"

#include <algorithm>
#include <utility>

#include "loop/handle.h"

namespace dingtail::loop {

struct Timer::Impl : Box<uv_timer_t, std::function<void()>> {};

void Timer::Closer::operator()(Impl* impl) const {
  close_box(impl);
}

Timer::Timer(Loop& loop, std::function<void()> on_due) : impl_(new Impl) {
  impl_->callback = std::move(on_due);
  uv_timer_init(loop.raw(), &impl_->handle);  // cannot fail
  impl_->handle.data = impl_.get();
}

void Timer::start(base::Millis after) {
  uv_update_time(impl_->handle.loop);  // the loop's cached time may be old in a long turn
  const auto due = [](uv_timer_t* handle) {
    auto* box = static_cast<Impl*>(handle->data);
    if (!box->dropped) box->callback();
  };
  uv_timer_start(&impl_->handle, due, static_cast<std::uint64_t>(std::max<std::int64_t>(after.count(), 0)),
                 0);
}

void Timer::stop() {
  uv_timer_stop(&impl_->handle);
}

}  // namespace dingtail::loop
