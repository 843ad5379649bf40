#include "alert/window.h"

#include <algorithm>

namespace dingtail::alert {

bool Window::add(PendingHit hit, const config::When& when, std::size_t samples) {
  if (!hits_.empty()) hit.at = std::max(hit.at, hits_.back().at);
  let_go(hit.at, when);
  hits_.push_back(std::move(hit));
  if (hits_.size() > samples) hits_[hits_.size() - samples - 1].record.clear();
  return hits_.size() >= when.count;
}

void Window::let_go(base::Mono now, const config::When& when) {
  while (!hits_.empty() && now - hits_.front().at > when.within) hits_.pop_front();
}

}  // namespace dingtail::alert
