#include "alert/route.h"

#include <algorithm>
#include <optional>

namespace dingtail::alert {
namespace {

bool contains(const std::vector<config::EventKind>& events, config::EventKind event) {
  return std::find(events.begin(), events.end(), event) != events.end();
}

std::optional<config::EventKind> event_for(const config::Target& target, const Report& report) {
  if (contains(target.events, report.event)) return report.event;
  const bool unreported = report.event == config::EventKind::kResolved && report.count > 0;
  if (unreported && contains(target.events, config::EventKind::kFiring))
    return report.count == report.total ? config::EventKind::kFiring : config::EventKind::kRepeat;
  return std::nullopt;
}

}  // namespace

std::vector<Routed> route(const Report& report, const config::Rule& rule, const config::Config& config) {
  std::vector<Routed> out;
  for (const auto* target : config::targets_of(config, rule.targets)) {
    const auto event = event_for(*target, report);
    if (event) out.push_back({target, *event, rule.mention.value_or(target->mention)});
  }
  return out;
}

}  // namespace dingtail::alert
