#include "app/pipeline.h"

#include <algorithm>

#include "app/delivery.h"
#include "format/json.h"
#include "format/markdown.h"

namespace dingtail::app {
namespace {

config::Rule gone_rule(const alert::AlertState& state) {
  config::Rule rule;
  rule.name = state.rule;
  rule.severity = state.severity;
  if (!state.targets) return rule;
  rule.targets.emplace();
  for (const auto& target : *state.targets) rule.targets->push_back({target, {}});
  return rule;
}

// Of an alert that the last run left; which names its group's values had is not known.
alert::Report report_of(const alert::AlertState& state, const config::Rule& rule,
                        const config::Config& config) {
  alert::Report out;
  out.event = alert::event_after(state.messages);
  out.labels = labels_of(config);
  for (const auto& [name, value] : state.last_hit.labels) out.labels[name] = value;
  for (const auto& [name, value] : rule.labels) out.labels[name] = value;
  out.group = state.group;
  static_cast<alert::Tally&>(out) = state;
  return out;
}

}  // namespace

Pipeline::Pipeline(std::unique_ptr<RuleSet> rules, Outbox outbox)
    : rules_(std::move(rules)),
      outbox_(std::move(outbox)),
      alerts_(rules_->config.rules, labels_of(rules_->config)) {}

void Pipeline::read(const tail::Block& block, base::Now now, const match::Matcher::OnHit& on_hit) {
  rules_->matcher.match(block, [&](match::Hit hit) {
    hit.labels = rules_->path_labels.of(hit.source, hit.path);
    rules_->redaction.apply(hit);
    if (on_hit) on_hit(hit);
    alerts_.observe(std::move(hit), now);
  });
}

void Pipeline::tick(base::Now now) {
  send_all(alerts_.tick(now), now);
}

void Pipeline::replace(std::unique_ptr<RuleSet> rules, base::Now now) {
  send_all(alerts_.end_changed(rules->config.rules, now), now);
  alerts_.set_rules(rules->config.rules, labels_of(rules->config));
  rules_ = std::move(rules);
}

void Pipeline::restore(std::vector<alert::AlertState> states, base::Now now) {
  for (auto& orphan : alerts_.restore(std::move(states), now))
    if (orphan.count > 0) send_orphan(orphan, now);
}

// A rule that was edited speaks for what it was. Of one that is gone only its name and what the state has of
// it is known: a message of the alert that still waits knows better words, and keeps them.
void Pipeline::send_orphan(const alert::AlertState& state, base::Now now) const {
  const auto edited =
      std::ranges::find(rules_->texts, state.rule, [](const auto& text) { return text.rule().name; });
  if (edited != rules_->texts.end())
    return send(report_of(state, edited->rule(), rules_->config), *edited, state.rule + '/' + state.id, now);
  const auto rule = gone_rule(state);
  config::Problems none;
  const auto text = format::RuleText::compile(
      rule, {}, [](std::string_view) { return std::nullopt; }, none);
  send(report_of(state, rule, rules_->config), text, "", now);
}

void Pipeline::send_all(const std::vector<alert::Report>& reports, base::Now now) const {
  for (const auto& report : reports) {
    const auto& text = rules_->texts[report.rule];
    send(report, text, text.rule().name + '/' + report.id, now);
  }
}

void Pipeline::send(const alert::Report& report, const format::RuleText& text, const std::string& alert,
                    base::Now now) const {
  for (const auto& routed : alert::route(report, text.rule(), rules_->config))
    outbox_.take(message(report, text, routed, alert, now), now);
}

// Where the alert's last message to that target still waits, one message tells the hits of both. A resolved
// one stands alone: as one message with a firing one it would either call nobody or not tell the end. The
// hits are told all the same, each in one of the two.
Outgoing Pipeline::message(alert::Report report, const format::RuleText& text, const alert::Routed& routed,
                           std::string alert, base::Now now) const {
  const auto& target = *routed.target;
  report.event = routed.event;
  if (routed.event == config::EventKind::kResolved) alert.clear();
  if (const auto waiting =
          outbox_.waiting && !alert.empty() ? outbox_.waiting(target.name, alert) : std::nullopt) {
    if (const auto earlier = format::parse_report(*waiting))
      report = alert::joined(*earlier, std::move(report), text.rule().samples.max);
    else
      alert.clear();
  }
  Outgoing out{target.name, target.type, report.event, {}, std::move(alert), {}, {}};
  if (!out.alert.empty()) out.report = format::report_json(report);
  out.message = format::message(report, text, style_of(target, routed.mention), now);
  out.line = format::digest_line(report, text, target.language, routed.mention, now);
  return out;
}

}  // namespace dingtail::app
