// The main job without the world around it: blocks in, messages out. The agent and the tests in rule files
// run the same one. Block → Hit → Alert → Report → Message.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "alert/aggregator.h"
#include "app/ruleset.h"
#include "base/time.h"
#include "format/message.h"
#include "tail/block.h"

namespace dingtail::app {

// One message on its way to one target.
struct Outgoing {
  std::string target;
  config::TargetType type = config::TargetType::kConsole;
  config::EventKind event = config::EventKind::kFiring;
  format::Message message;
};

class Pipeline {
 public:
  explicit Pipeline(std::unique_ptr<RuleSet> rules);

  // What the last run left; the messages about alerts whose rules are no more.
  std::vector<Outgoing> restore(std::vector<alert::AlertState> states, base::Now now);
  // Another rule set (reload); the last messages of alerts that end with the old one.
  std::vector<Outgoing> replace(std::unique_ptr<RuleSet> rules, base::Now now);

  // `on_hit`, where given, sees each hit too.
  void read(const tail::Block& block, base::Now now, const match::Matcher::OnHit& on_hit = {});
  std::vector<Outgoing> tick(base::Now now);

  [[nodiscard]] const config::Config& config() const { return rules_->config; }
  [[nodiscard]] alert::Aggregator& alerts() { return alerts_; }
  [[nodiscard]] const alert::Aggregator& alerts() const { return alerts_; }

 private:
  void format(const alert::Report& report, const format::RuleText& text, base::Now now,
              std::vector<Outgoing>& out) const;
  std::vector<Outgoing> format_all(const std::vector<alert::Report>& reports, base::Now now) const;
  void format_orphan(alert::AlertState state, base::Now now, std::vector<Outgoing>& out) const;

  std::unique_ptr<RuleSet> rules_;
  alert::Aggregator alerts_;
};

}  // namespace dingtail::app
