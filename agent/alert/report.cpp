#include "alert/report.h"

#include <algorithm>
#include <utility>

#include "alert/fold.h"

namespace dingtail::alert {

void add_sample(std::vector<Sample>& samples, const std::string& record, std::size_t most,
                std::uint64_t count) {
  const auto same = std::find_if(samples.begin(), samples.end(),
                                 [&](const Sample& sample) { return sample.record == record; });
  if (same != samples.end()) {
    same->count += count;
    return;
  }
  for (auto& sample : samples) {
    auto both = folded(sample.record, record);
    if (!both) continue;
    sample.record = std::move(*both);
    sample.count += count;
    return;
  }
  if (samples.size() < most) samples.push_back({record, count});
}

Report joined(const Report& earlier, Report later, std::size_t most_samples) {
  later.event = earlier.event;
  later.count += earlier.count;
  later.first = std::min(earlier.first, later.first);
  later.last = std::max(earlier.last, later.last);
  auto samples = earlier.samples;
  for (const auto& sample : later.samples) add_sample(samples, sample.record, most_samples, sample.count);
  later.samples = std::move(samples);
  return later;
}

}  // namespace dingtail::alert
