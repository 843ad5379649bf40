#include "alert/window.h"

namespace dingtail::alert {

bool Window::add(PendingHit hit, const config::When& when, std::size_t samples) {
  let_go(hit.at, when);
  hits_.push_back(std::move(hit));
  if (hits_.size() > samples) hits_[hits_.size() - samples - 1].record.clear();
  return hits_.size() >= when.count;
}

void Window::let_go(base::Mono now, const config::When& when) {
  while (!hits_.empty() && now - hits_.front().at > when.within) hits_.pop_front();
}

}  // namespace dingtail::alert
