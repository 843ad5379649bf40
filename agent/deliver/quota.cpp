#include "deliver/quota.h"

#include <algorithm>

namespace dingtail::deliver {

void Quota::answered(base::Mono now) {
  --open_;
  while (!frees_.empty() && frees_.front() <= now) frees_.pop_front();
  frees_.push_back(now + kWindow);
}

void Quota::restore(base::Mono answered) {
  const auto at = answered + kWindow;
  frees_.insert(std::upper_bound(frees_.begin(), frees_.end(), at), at);
}

base::Mono Quota::free_at(base::Mono now) const {
  const auto taken = used(now);
  if (taken < per_minute_) return now;
  if (open_ >= per_minute_) return base::Mono::max();
  return frees_[frees_.size() - (per_minute_ - open_)];
}

std::uint32_t Quota::used(base::Mono now) const {
  const auto first = std::upper_bound(frees_.begin(), frees_.end(), now);
  return open_ + static_cast<std::uint32_t>(frees_.end() - first);
}

std::uint32_t Quota::left(base::Mono now) const {
  return per_minute_ - std::min(per_minute_, used(now));
}

}  // namespace dingtail::deliver
