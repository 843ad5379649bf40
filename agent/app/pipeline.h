// The main job without the world around it: blocks in, messages out. The agent and the tests in rule files
// run the same one. Block → Hit → Alert → Report → Message.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alert/aggregator.h"
#include "alert/route.h"
#include "app/ruleset.h"
#include "base/time.h"
#include "format/digest.h"
#include "format/message.h"
#include "tail/block.h"

namespace dingtail::app {

// One message on its way to one target.
struct Outgoing {
  std::string target;
  config::TargetType type = config::TargetType::kConsole;
  config::EventKind event = config::EventKind::kFiring;
  format::Message message;
  std::string alert;  // whose message it is; it stands in the place of one that waits. Empty: it stands alone
  std::string report;       // what it says, as format::report_json; empty: it stands alone
  format::DigestLine line;  // what a digest tells of it
};

// Where messages go, each at once.
struct Outbox {
  // The report of a waiting message to `target` of that alert that may take further hits: nobody has seen it.
  // May be empty: no message ever waits.
  std::function<std::optional<std::string>(const std::string& target, const std::string& alert)> waiting;
  std::function<void(Outgoing message, base::Now now)> take;
};

class Pipeline {
 public:
  Pipeline(std::unique_ptr<RuleSet> rules, Outbox outbox);

  // What the last run left. Sends the messages about alerts whose rules are no more, or match otherwise now.
  void restore(std::vector<alert::AlertState> states, base::Now now);
  // Another rule set (reload). Sends the last messages of alerts that end with the old one.
  void replace(std::unique_ptr<RuleSet> rules, base::Now now);

  // `on_hit`, where given, sees each hit too.
  void read(const tail::Block& block, base::Now now, const match::Matcher::OnHit& on_hit = {});
  // Sends messages that are due, some at a time.
  void tick(base::Now now);

  [[nodiscard]] const config::Config& config() const { return rules_->config; }
  [[nodiscard]] const match::Redaction& redaction() const { return rules_->redaction; }
  // What the tailer needs to know of the configuration's sources beside themselves, by their index.
  [[nodiscard]] const std::vector<tail::Multiline::LineStarts>& line_starts() const {
    return rules_->line_starts;
  }
  [[nodiscard]] alert::Aggregator& alerts() { return alerts_; }
  [[nodiscard]] const alert::Aggregator& alerts() const { return alerts_; }

 private:
  void send_all(const std::vector<alert::Report>& reports, base::Now now) const;
  void send_orphan(const alert::AlertState& state, base::Now now) const;
  void send(const alert::Report& report, const format::RuleText& text, const std::string& alert,
            base::Now now) const;
  [[nodiscard]] Outgoing message(alert::Report report, const format::RuleText& text,
                                 const alert::Routed& routed, std::string alert, base::Now now) const;

  std::unique_ptr<RuleSet> rules_;
  Outbox outbox_;
  alert::Aggregator alerts_;
};

}  // namespace dingtail::app
