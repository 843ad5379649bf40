// The aggregator's keys as they outlive a restart: times of the running clock as wall time, and back.
#include <algorithm>

#include "alert/aggregator.h"

namespace dingtail::alert {
namespace {

base::Wall to_wall(base::Mono at, base::Now now) {
  return now.wall + (at - now.mono);
}

// When something happened in the last run: never later than now, however the clock jumped in between.
base::Mono to_past(base::Wall at, base::Now now) {
  return now.mono - std::max(now.wall - at, base::Millis{0});
}

// A deadline of the last run: never later than it can be where it was set by now.
base::Mono to_deadline(base::Wall at, base::Now now, base::Millis most) {
  return now.mono + std::clamp(at - now.wall, base::Millis{0}, most);
}

std::optional<std::vector<std::string>> names_of(
    const std::optional<std::vector<config::Located<std::string>>>& targets) {
  if (!targets) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& target : *targets) out.push_back(target.value);
  return out;
}

}  // namespace

std::vector<AlertState> Aggregator::restore(std::vector<AlertState> states, base::Now now) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < rules_->size(); ++i) index[(*rules_)[i].name] = i;
  std::vector<AlertState> orphans;
  for (auto& state : states) {
    const AlertKey name{state.rule, state.group};
    const auto rule = index.find(state.rule);
    if (rule == index.end() || config::matching_hash((*rules_)[rule->second]) != state.matching_hash) {
      erased_.insert(name);
      orphans.push_back(std::move(state));
      continue;
    }
    auto& key = keys_[name] = key_of(std::move(state), rule->second, now);
    schedule(name, key);
  }
  return orphans;
}

AlertChanges Aggregator::take_changes(base::Now now) {
  AlertChanges out;
  for (const auto& name : changed_) out.changed.push_back(state_of(name, keys_.at(name), now));
  out.erased.assign(erased_.begin(), erased_.end());
  changed_.clear();
  erased_.clear();
  return out;
}

AlertState Aggregator::state_of(const AlertKey& name, const Key& key, base::Now now) const {
  const auto& rule = (*rules_)[key.rule];
  AlertState out;
  out.rule = name.rule;
  out.matching_hash = config::matching_hash(rule);
  out.severity = rule.severity;
  out.targets = names_of(rule.targets);
  out.group = name.group;
  for (const auto& hit : key.window.hits()) out.pending.emplace_back(hit.wall, hit.record);
  if (key.quiet_until > now.mono) out.quiet_until = to_wall(key.quiet_until, now);
  if (!key.alert) return out;
  const auto& alert = *key.alert;
  static_cast<Tally&>(out) = alert;
  out.messages = alert.messages;
  out.interval = alert.interval;
  out.message_due = to_wall(alert.message_due, now);
  return out;
}

Aggregator::Key Aggregator::key_of(AlertState state, std::size_t rule_index, base::Now now) const {
  const auto& rule = (*rules_)[rule_index];
  Key key;
  key.rule = rule_index;
  key.group = std::move(state.group);
  for (auto& [wall, record] : state.pending)
    key.window.add({to_past(wall, now), wall, std::move(record)}, rule.when, rule.samples.max);
  key.quiet_until = to_deadline(state.quiet_until, now, rule.repeat_interval);
  if (state.id.empty()) return key;
  Alert alert;
  static_cast<Tally&>(alert) = state;
  alert.last_hit.rule = rule_index;
  alert.last_hit_at = to_past(alert.last, now);
  alert.messages = state.messages;
  alert.interval = std::min(state.interval, rule.repeat_max);
  const auto until_message =
      alert.messages == 0 ? std::max(rule.group_wait, key.quiet_until - now.mono) : alert.interval;
  alert.message_due = to_deadline(state.message_due, now, until_message);
  key.alert = std::move(alert);
  return key;
}

}  // namespace dingtail::alert
