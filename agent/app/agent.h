// The agent: what `dingtail run` is. Hands values from room to room, once a turn:
//   tail → match → alert → format → outbox → one durable cut → robot.
// A message leaves only after the cut that holds it is durable. The clock is read here and nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/notices.h"
#include "app/pipeline.h"
#include "base/log.h"
#include "deliver/courier.h"
#include "deliver/http.h"
#include "loop/async.h"
#include "loop/loop.h"
#include "loop/signal.h"
#include "loop/timer.h"
#include "observe/control.h"
#include "observe/ledger.h"
#include "observe/status.h"
#include "state/store.h"
#include "tail/tailer.h"

namespace dingtail::app {

base::Now now();

struct AgentParts {
  std::unique_ptr<RuleSet> rules;
  std::unique_ptr<deliver::Http> http;
  state::Keeper state;
  state::Saved saved;
  // Reads the configuration anew, for a reload.
  std::function<config::Loaded()> load;
};

class Agent {
 public:
  Agent(loop::Loop& loop, base::Log& log, AgentParts parts);

  // Until SIGTERM or SIGINT, or until the state can be trusted no longer; false: it could not be kept whole.
  bool run();

 private:
  void turn();
  void deliver(Outgoing message, base::Now now);
  void tell_troubles(base::Now now);
  void record(const std::vector<tail::Loss>& losses, base::Now now);
  void commit(base::Now now);
  void committed();
  void state_broken();
  void post(base::Now now);
  void answered(std::uint64_t id, const deliver::HttpAnswer& answer);
  void schedule(base::Now now, bool more);
  void wake() { wake_.wake(); }
  [[nodiscard]] bool news() const;  // something worth a commit at once

  void stop();
  void finish_stopping(base::Now now);
  observe::Reply reload();
  void handle(const std::string& request, observe::Control::Answer answer);
  void send(const std::string& request, observe::Control::Answer answer);
  void end_sends(base::Mono now);
  [[nodiscard]] observe::Status status();
  void listen(base::Mono now);

  loop::Loop& loop_;
  base::Log& log_;
  std::unique_ptr<deliver::Http> http_;
  std::function<config::Loaded()> load_;
  loop::Timer turn_timer_;
  loop::Async
      wake_;  // a turn soon, when the loop has looked at everything else (a timer of 0 would starve it)
  Pipeline pipeline_;
  // As at the start: a reload moves neither.
  std::string state_dir_;
  std::string control_path_;
  tail::Tailer tailer_;
  deliver::Courier courier_;
  state::Store store_;
  observe::Ledger ledger_;
  Notices notices_;
  std::unique_ptr<observe::Control> control_;
  base::Mono listen_at_{};  // then it is listened, or looked whether control_ can still be reached
  struct Send {
    base::Mono until{};
    observe::Control::Answer answer;
  };
  std::map<std::uint64_t, Send> sends_;  // by their ids in the outbox
  std::vector<std::unique_ptr<loop::Signal>> signals_;
  Console console_;
  std::string reload_error_;
  std::optional<base::Millis> watchdog_;
  base::Mono watchdog_due_{};
  base::Mono committed_at_{};
  bool ready_ = false;
  bool broken_ = false;  // the state
  std::optional<base::Mono> stop_by_;
};

}  // namespace dingtail::app
