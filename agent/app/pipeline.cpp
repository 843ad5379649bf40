#include "app/pipeline.h"

#include "alert/route.h"
#include "format/markdown.h"

namespace dingtail::app {

Pipeline::Pipeline(std::unique_ptr<RuleSet> rules)
    : rules_(std::move(rules)), alerts_(rules_->config.rules, labels_of(rules_->config)) {}

void Pipeline::read(const tail::Block& block, base::Now now, const match::Matcher::OnHit& on_hit) {
  rules_->matcher.match(block, [&](const match::Hit& hit) {
    alerts_.observe(hit, now);
    if (on_hit) on_hit(hit);
  });
}

std::vector<Outgoing> Pipeline::tick(base::Now now) {
  return format_all(alerts_.tick(now), now);
}

std::vector<Outgoing> Pipeline::replace(std::unique_ptr<RuleSet> rules, base::Now now) {
  auto last = format_all(alerts_.end_changed(rules->config.rules, now), now);
  alerts_.set_rules(rules->config.rules, labels_of(rules->config));
  rules_ = std::move(rules);
  return last;
}

std::vector<Outgoing> Pipeline::restore(std::vector<alert::AlertState> states, base::Now now) {
  std::vector<Outgoing> out;
  for (auto& orphan : alerts_.restore(std::move(states), now))
    if (orphan.count > 0) format_orphan(std::move(orphan), now, out);
  return out;
}

// The rule as it was is unknown: its name and its hits are told.
void Pipeline::format_orphan(alert::AlertState state, base::Now now, std::vector<Outgoing>& out) const {
  config::Rule rule;
  rule.name = state.rule;
  config::Problems none;
  const auto text = format::RuleText::compile(
      rule, {}, [](std::string_view) { return std::nullopt; }, none);
  alert::Report report;
  report.event = state.messages == 0 ? config::EventKind::kFiring : config::EventKind::kRepeat;
  report.labels = labels_of(rules_->config);
  report.group = state.group;
  static_cast<alert::Tally&>(report) = std::move(state);
  format(report, text, now, out);
}

std::vector<Outgoing> Pipeline::format_all(const std::vector<alert::Report>& reports, base::Now now) const {
  std::vector<Outgoing> out;
  for (const auto& report : reports) format(report, rules_->texts[report.rule], now, out);
  return out;
}

void Pipeline::format(const alert::Report& report, const format::RuleText& text, base::Now now,
                      std::vector<Outgoing>& out) const {
  for (auto& routed : alert::route(report, text.rule(), rules_->config)) {
    const auto& target = *routed.target;
    auto for_target = report;
    for_target.event = routed.event;
    const format::Style style{target.language, target.keywords, std::move(routed.mention)};
    out.push_back({target.name, target.type, routed.event, format::message(for_target, text, style, now)});
  }
}

}  // namespace dingtail::app
