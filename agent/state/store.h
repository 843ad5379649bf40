// The durable state behind the loop: a commit is a value handed to the one thread that owns the database,
// answered on the loop; one is in flight at a time. While the database cannot be written the state is kept in
// memory and a commit is answered all the same, so that alerts leave; it is tried again each second, and
// nothing is left out when that succeeds.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "loop/async.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "state/cut.h"
#include "state/keeper.h"

namespace dingtail::state {

class Store {
 public:
  struct Calls {
    std::function<void()> on_committed;  // after each commit
    std::function<void()> on_broken;     // the process has to end, with a failure: nothing is kept any more
  };
  struct Pace {
    base::Millis between_tries = std::chrono::seconds(1);
    base::Millis until_tidy =
        std::chrono::minutes(1);  // without a commit: the database's log is emptied once
  };

  // The calls are made on the loop.
  Store(loop::Loop& loop, base::Log& log, Keeper keeper, Calls calls, Pace pace);
  Store(loop::Loop& loop, base::Log& log, Keeper keeper, Calls calls)
      : Store(loop, log, std::move(keeper), std::move(calls), Pace{}) {}
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  // Ends the thread after the commit in flight; what is in memory alone is tried once more.
  ~Store();
  // Ends it, with the last things to write and to tidy up. False: the state can be trusted no longer.
  // REQUIRES: it was not closed; nothing is called after it.
  bool close();

  // REQUIRES: !busy(). The cut is durable, or kept as well as it can be, when on_committed is called.
  void commit(Cut cut);
  [[nodiscard]] bool busy() const { return busy_; }
  // Whether all commits that were answered are on the disk.
  [[nodiscard]] bool durable() const { return durable_; }

 private:
  // What the thread has to do, and what came of it.
  struct Work {
    std::optional<Cut> cut;
    bool retry = false;
    bool tidy = false;
  };
  struct Answer {
    Outcome outcome;
    bool of_commit = false;
    bool of_retry = false;
    bool of_tidy = false;
  };

  void work();
  Answer do_work(Work work);
  void timed();
  void answered();
  void take(const Answer& answer);
  void tell(const Outcome& outcome);

  base::Log& log_;
  Calls calls_;
  Pace pace_;
  bool busy_ = false;  // the loop's alone, as durable_
  bool durable_ = true;
  Keeper keeper_;  // the thread's alone
  std::mutex mutex_;
  std::condition_variable wake_;
  Work work_;                    // under mutex_
  std::vector<Answer> answers_;  // under mutex_
  bool stopping_ = false;        // under mutex_
  loop::Timer timer_;            // to try again, or to tidy
  loop::Async answer_;
  std::thread thread_;
};

}  // namespace dingtail::state
