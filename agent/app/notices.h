// The agent's own troubles on their way to its targets. Pure: takes what was said and the time, gives
// messages, which then take the way of all others (outbox, quota).
//
// Troubles of two seconds make one message, and there is at most one a minute, so that a storm of them leaves
// the quota to alerts. A cause (an event and its subject) is told once an hour; what comes within the hour is
// told when it is over, unless the trouble has ended by then. All this is kept in memory alone: after a
// restart a trouble that goes on is told once more. A loss does not go on: which ones were told is in the
// state, and the next start hears of the others again. What else a killed agent had not handed out (a refused
// reload, another host's state) is in its log alone.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/pipeline.h"
#include "base/log.h"
#include "base/time.h"
#include "config/config.h"
#include "format/notice.h"
#include "match/redaction.h"
#include "tail/loss.h"

namespace dingtail::app {

class Notices {
 public:
  // What the log keeps for the targets.
  void hear(const std::vector<base::Told>& told, base::Now now);
  void hear(const tail::Loss& loss, base::Now now);
  void over(base::Event event, const std::string& subject);

  // What is due, for each of the agent's targets, redacted as all that is sent; that a target is held is told
  // through the others.
  std::vector<Outgoing> tick(const config::Config& config, const match::Redaction& redaction, base::Now now);
  // The same without waiting for more: for the agent's end.
  std::vector<Outgoing> flush(const config::Config& config, const match::Redaction& redaction, base::Now now);
  [[nodiscard]] std::optional<base::Mono> next_deadline() const;
  // The files of whose losses all that was heard is in messages, since the last call: for the cut with these.
  [[nodiscard]] std::set<std::string> take_told_losses() { return std::exchange(told_losses_, {}); }

 private:
  using Cause = std::pair<base::Event, std::string>;
  struct Waiting {
    format::Trouble trouble;
    base::Mono earliest{};
  };

  format::Trouble& entry(base::Event event, const std::string& subject, base::Now now);
  std::vector<format::Trouble> take(base::Mono now);

  std::map<Cause, Waiting> waiting_;
  std::map<Cause, base::Mono> told_at_;  // within the last hour
  std::optional<base::Mono> due_;        // no later than the first of waiting_ is
  base::Mono not_before_{};
  std::set<std::string> told_losses_;  // by path
};

}  // namespace dingtail::app
