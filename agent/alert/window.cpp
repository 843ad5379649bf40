#include "alert/window.h"

#include <algorithm>

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

void add_sample(std::vector<Sample>& samples, const std::string& record, std::size_t most) {
  const auto same = std::find_if(samples.begin(), samples.end(),
                                 [&](const Sample& sample) { return sample.record == record; });
  if (same != samples.end())
    ++same->count;
  else if (samples.size() < most)
    samples.push_back({record, 1});
}

}  // namespace dingtail::alert
