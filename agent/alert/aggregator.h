// Turns hits into alerts and alerts into reports: product.md, "The life of an alert". One alert is a rule and
// one value of its group key. Decides only: time comes as an argument, reports leave as values.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "alert/report.h"
#include "alert/window.h"
#include "base/time.h"
#include "config/config.h"
#include "match/hit.h"

namespace dingtail::alert {

// All there is of one key, in a form that outlives a restart: times as wall time.
struct AlertState : Tally {  // its id is empty: not firing
  std::string rule;          // by name
  std::string matching_hash;
  std::vector<std::string> group;
  std::vector<std::pair<base::Wall, std::string>> pending;  // the window: time and record of each hit
  std::uint32_t messages = 0;                               // sent for this alert
  base::Millis interval{0};                                 // until the message after the next one
  base::Wall message_due{};                                 // not before then
  // No firing message of this key before then, over the alert's end; zero: none is held back.
  base::Wall quiet_until{};
  // Of the rule, for the case that it is gone at the next start: who may hear of its hits, and how loud.
  config::Severity severity = config::Severity::kWarning;
  std::optional<std::vector<std::string>> targets;  // as Rule::targets
};

// What a message of an alert's hits is, after that many messages.
config::EventKind event_after(std::uint32_t messages);

// How a key is stored: its rule's name and group values.
struct AlertKey {
  std::string rule;
  std::vector<std::string> group;

  auto operator<=>(const AlertKey&) const = default;
};

struct AlertChanges {
  std::vector<AlertState> changed;
  std::vector<AlertKey> erased;
};

struct RuleCounts {
  std::uint64_t hits = 0;
  std::uint64_t alerts = 0;
};

class Aggregator {
 public:
  // `labels` are on every alert: host and the configuration's. The rules must outlive the aggregator's use of
  // them.
  Aggregator(const std::vector<config::Rule>& rules, std::map<std::string, std::string> labels);

  // What the last run left. An alert whose rule is gone, or matches otherwise now, ends here: it is returned,
  // so that its unreported hits can be told.
  std::vector<AlertState> restore(std::vector<AlertState> states, base::Now now);

  // Takes other rules (reload). Alerts of rules that match as before go on; the others end: their last
  // reports, on the rules as they were.
  std::vector<Report> end_changed(const std::vector<config::Rule>& rules, base::Now now);
  void set_rules(const std::vector<config::Rule>& rules, std::map<std::string, std::string> labels);

  void observe(match::Hit hit, base::Now now);

  // Messages that are due now, as many as the loop has time for in one turn: what is due still stays so.
  std::vector<Report> tick(base::Now now);
  [[nodiscard]] std::optional<base::Mono> next_deadline() const;

  AlertChanges take_changes(base::Now now);
  [[nodiscard]] bool has_changes() const { return !changed_.empty() || !erased_.empty(); }

  // By rule, since this process began.
  [[nodiscard]] const std::vector<RuleCounts>& counts() const { return counts_; }

 private:
  struct Alert : Tally {
    base::Mono last_hit_at{};
    std::uint32_t messages = 0;
    base::Millis interval{0};
    base::Mono message_due{};
  };
  struct Key {
    std::size_t rule = 0;
    std::vector<std::string> group;
    Window window;
    std::optional<Alert> alert;
    base::Mono quiet_until{};
    std::optional<base::Mono> due;
  };
  using Keys = std::map<AlertKey, Key>;

  [[nodiscard]] std::vector<std::string> group_of(const match::Hit& hit) const;
  [[nodiscard]] std::string value_of(const match::Hit& hit, const std::string& name) const;
  void fire(const AlertKey& name, Key& key, base::Now now);
  void count_hit(Alert& alert, match::Hit hit, const config::Rule& rule, base::Now now);
  std::optional<Report> step(Key& key, base::Now now);
  Report report(Key& key, config::EventKind event, base::Now now);
  [[nodiscard]] base::Mono end_of(const Key& key) const;
  std::optional<Report> end(Key& key, base::Now now);
  [[nodiscard]] std::optional<base::Mono> due_of(const Key& key) const;
  void schedule(const AlertKey& name, Key& key);
  void erase(Keys::iterator at);
  [[nodiscard]] AlertState state_of(const AlertKey& name, const Key& key, base::Now now) const;
  [[nodiscard]] Key key_of(AlertState state, std::size_t rule, base::Now now) const;

  const std::vector<config::Rule>* rules_;
  std::map<std::string, std::string> labels_;
  std::vector<RuleCounts> counts_;
  Keys keys_;
  std::set<std::pair<base::Mono, AlertKey>> deadlines_;
  std::set<AlertKey> changed_;
  std::set<AlertKey> erased_;
};

}  // namespace dingtail::alert
