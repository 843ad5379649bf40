// How the targets are.
#include <algorithm>

#include "deliver/courier.h"

namespace dingtail::deliver {
namespace {

constexpr std::string_view kNoTarget = "no such target is configured";
constexpr std::string_view kNoTargetRemedy =
    "Messages for it are kept: configure the target again under the same name.";

}  // namespace

std::string_view name_of(TargetState state) {
  switch (state) {
    case TargetState::kOk:
      return "ok";
    case TargetState::kRetrying:
      return "retrying";
    case TargetState::kThrottled:
      return "throttled";
    case TargetState::kHeld:
      break;
  }
  return "held";
}

std::vector<TargetStatus> Courier::status(base::Now now) const {
  std::map<std::string, TargetStatus> out;
  for (const auto& [name, queue] : outbox_.queues()) {
    auto& status = out[name];
    status.queue = queue.rows;
    status.held = queue.held.size();
    if (targets_.contains(name)) continue;
    status.state = TargetState::kHeld;
    status.gone = true;
    status.last_error =
        LastError{std::nullopt, std::string(kNoTarget), std::string(kNoTargetRemedy), now.wall};
    if (queue.rows == 0) out.erase(name);
  }
  for (const auto& [name, target] : targets_) tell_robots(name, out[name], now);
  std::vector<TargetStatus> all;
  for (auto& [name, status] : out) {
    status.name = name;
    all.push_back(std::move(status));
  }
  return all;
}

void Courier::tell_robots(const std::string& target, TargetStatus& status, base::Now now) const {
  status.state = TargetState::kHeld;
  for (const auto& [lane, way] : ways_of(target)) {
    const auto state = state_of(*lane, *way, now.mono);
    status.state = std::min(status.state, state);
    status.sent_last_minute += lane->quota.used(now.mono);
    if (state != TargetState::kHeld && open_at(*lane, *way) <= now.mono)
      status.quota_left += lane->quota.left(now.mono);
    for (const auto& error : {lane->last_error, way->last_error})
      if (error && (!status.last_error || status.last_error->at < error->at)) status.last_error = error;
  }
  if (const auto count = delivered_.find(target); count != delivered_.end()) status.delivered = count->second;
}

}  // namespace dingtail::deliver
