#include "alert/aggregator.h"

#include <algorithm>

#include "alert/fold.h"
#include "base/text.h"

namespace dingtail::alert {
namespace {

constexpr std::size_t kMostATick = 100;  // keys; a message of each to every target takes some milliseconds
constexpr base::Millis kResolveAfter =
    std::chrono::minutes(10);  // where a rule sets none; then the end is silent

std::string new_id(const AlertKey& key, base::Now now) {
  std::string all =
      key.rule + '\x1f' + base::join(key.group, "\x1f") + '\x1f' + std::to_string(base::unix_ms(now.wall));
  return base::hex(base::fingerprint(all));
}

void cut(std::string& text) {
  if (text.size() > kMostFoldedBytes) text = std::string(base::utf8_prefix(text, kMostFoldedBytes));
}

// A hit is kept as long as its alert lasts, and what no message shows of it is of no use.
void cut(match::Hit& hit) {
  cut(hit.record);
  for (auto* values : {&hit.fields, &hit.labels})
    for (auto& [name, value] : *values) cut(value);
}

}  // namespace

config::EventKind event_after(std::uint32_t messages) {
  return messages == 0 ? config::EventKind::kFiring : config::EventKind::kRepeat;
}

Aggregator::Aggregator(const std::vector<config::Rule>& rules, std::map<std::string, std::string> labels)
    : rules_(&rules), labels_(std::move(labels)), counts_(rules.size()) {}

void Aggregator::observe(match::Hit hit, base::Now now) {
  cut(hit);
  const auto& rule = (*rules_)[hit.rule];
  ++counts_[hit.rule].hits;
  const AlertKey name{rule.name, group_of(hit)};
  auto& key = keys_[name];
  key.rule = hit.rule;
  key.group = name.group;
  if (key.alert) {
    count_hit(*key.alert, std::move(hit), rule, now);
  } else if (key.window.add({now.mono, now.wall, hit.record}, rule.when, rule.samples.max)) {
    fire(name, key, now);
    key.alert->last_hit = std::move(hit);
  }
  schedule(name, key);
}

void Aggregator::fire(const AlertKey& name, Key& key, base::Now now) {
  const auto& rule = (*rules_)[key.rule];
  ++counts_[key.rule].alerts;
  Alert alert;
  alert.id = new_id(name, now);
  alert.count = alert.total = key.window.hits().size();
  alert.first = alert.since = key.window.hits().front().wall;
  alert.last = now.wall;
  alert.last_hit_at = now.mono;
  for (const auto& hit : key.window.hits())
    if (!hit.record.empty()) add_sample(alert.samples, hit.record, rule.samples.max);
  alert.interval = rule.repeat_interval;
  alert.message_due = std::max(now.mono + rule.group_wait, key.quiet_until);
  key.alert = std::move(alert);
  key.window.clear();
}

void Aggregator::count_hit(Alert& alert, match::Hit hit, const config::Rule& rule, base::Now now) {
  if (alert.count == 0) alert.first = now.wall;
  ++alert.count;
  ++alert.total;
  alert.last = now.wall;
  alert.last_hit_at = now.mono;
  add_sample(alert.samples, hit.record, rule.samples.max);
  alert.last_hit = std::move(hit);
}

std::vector<Report> Aggregator::tick(base::Now now) {
  std::vector<Report> reports;
  for (std::size_t i = 0; i < kMostATick; ++i) {
    if (deadlines_.empty() || deadlines_.begin()->first > now.mono) break;
    const AlertKey name = deadlines_.begin()->second;
    const auto at = keys_.find(name);
    auto& key = at->second;
    if (auto due = step(key, now)) reports.push_back(std::move(*due));
    key.window.let_go(now.mono, (*rules_)[key.rule].when);
    if (!key.alert && key.window.empty() && key.quiet_until <= now.mono)
      erase(at);
    else
      schedule(name, key);
  }
  return reports;
}

std::optional<Report> Aggregator::step(Key& key, base::Now now) {
  if (!key.alert) return std::nullopt;
  if (now.mono >= end_of(key)) return end(key, now);
  if (key.alert->count == 0 || now.mono < key.alert->message_due) return std::nullopt;
  return report(key, event_after(key.alert->messages), now);
}

// An alert that nobody was told of ends only when its key may send again: a key that comes and goes must not
// send at each end what it may not send at each beginning.
base::Mono Aggregator::end_of(const Key& key) const {
  const auto quiet = key.alert->last_hit_at + (*rules_)[key.rule].resolve_after.value_or(kResolveAfter);
  return key.alert->messages == 0 ? std::max(quiet, key.quiet_until) : quiet;
}

std::optional<Report> Aggregator::end(Key& key, base::Now now) {
  const bool resolves = (*rules_)[key.rule].resolve_after.has_value();
  std::optional<Report> last;
  if (resolves)
    last = report(key, config::EventKind::kResolved, now);
  else if (key.alert->count > 0)
    last = report(key, event_after(key.alert->messages), now);
  key.alert.reset();
  return last;
}

Report Aggregator::report(Key& key, config::EventKind event, base::Now now) {
  const auto& rule = (*rules_)[key.rule];
  auto& alert = *key.alert;
  Report out;
  out.event = event;
  out.rule = key.rule;
  static_cast<Tally&>(out) = alert;
  out.labels = labels_;
  for (const auto& [name, value] : alert.last_hit.labels) out.labels[name] = value;
  for (const auto& [name, value] : rule.labels) out.labels[name] = value;
  for (std::size_t i = 0; i < key.group.size(); ++i) out.labels[rule.group_by[i].value] = key.group[i];
  out.group = key.group;
  if (event == config::EventKind::kResolved) out.first = alert.since;
  alert.samples.clear();
  alert.count = 0;
  ++alert.messages;
  alert.message_due = now.mono + alert.interval;
  if (event != config::EventKind::kResolved) key.quiet_until = now.mono + rule.repeat_interval;
  alert.interval = std::min(alert.interval * 2, rule.repeat_max);
  return out;
}

std::optional<base::Mono> Aggregator::due_of(const Key& key) const {
  const auto& rule = (*rules_)[key.rule];
  if (!key.alert) {
    base::Mono due = key.quiet_until;
    if (!key.window.empty())
      due = std::max(due, key.window.hits().back().at + rule.when.within + base::Millis{1});
    return due;
  }
  return key.alert->count > 0 ? std::min(end_of(key), key.alert->message_due) : end_of(key);
}

void Aggregator::schedule(const AlertKey& name, Key& key) {
  changed_.insert(name);
  erased_.erase(name);
  const auto due = due_of(key);
  if (due == key.due) return;
  if (key.due) deadlines_.erase({*key.due, name});
  key.due = due;
  if (due) deadlines_.insert({*due, name});
}

void Aggregator::erase(Keys::iterator at) {
  if (at->second.due) deadlines_.erase({*at->second.due, at->first});
  changed_.erase(at->first);
  erased_.insert(at->first);
  keys_.erase(at);
}

std::optional<base::Mono> Aggregator::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

// A key is stored as text: a file's name, which may be any bytes, must be the same after a restart.
std::vector<std::string> Aggregator::group_of(const match::Hit& hit) const {
  std::vector<std::string> group;
  for (const auto& name : (*rules_)[hit.rule].group_by)
    group.push_back(base::to_utf8(value_of(hit, name.value)));
  return group;
}

std::string Aggregator::value_of(const match::Hit& hit, const std::string& name) const {
  if (const auto field = hit.fields.find(name); field != hit.fields.end()) return field->second;
  const auto& own = (*rules_)[hit.rule].labels;
  if (const auto label = own.find(name); label != own.end()) return label->second;
  if (const auto label = hit.labels.find(name); label != hit.labels.end()) return label->second;
  if (const auto label = labels_.find(name); label != labels_.end()) return label->second;
  if (name == "source") return hit.source;
  if (name == "path") return hit.path;
  return "";
}

std::vector<Report> Aggregator::end_changed(const std::vector<config::Rule>& rules, base::Now now) {
  std::map<std::string, std::string> hashes;
  for (const auto& rule : rules) hashes[rule.name] = config::matching_hash(rule);
  std::vector<Report> reports;
  for (auto at = keys_.begin(); at != keys_.end();) {
    const auto here = at++;
    auto& key = here->second;
    const auto& old = (*rules_)[key.rule];
    const auto kept = hashes.find(old.name);
    if (kept != hashes.end() && kept->second == config::matching_hash(old)) continue;
    if (key.alert && key.alert->count > 0)
      reports.push_back(report(key, event_after(key.alert->messages), now));
    erase(here);
  }
  return reports;
}

void Aggregator::set_rules(const std::vector<config::Rule>& rules,
                           std::map<std::string, std::string> labels) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < rules.size(); ++i) index[rules[i].name] = i;
  std::vector<RuleCounts> counts(rules.size());
  for (std::size_t i = 0; i < rules_->size(); ++i)
    if (const auto kept = index.find((*rules_)[i].name); kept != index.end())
      counts[kept->second] = counts_[i];
  counts_ = std::move(counts);
  for (auto& [name, key] : keys_) key.rule = index.at(name.rule);
  rules_ = &rules;
  labels_ = std::move(labels);
  for (auto& [name, key] : keys_) schedule(name, key);
}

}  // namespace dingtail::alert
