// The durable state behind the loop: a commit is a value handed to the one thread that owns the database,
// answered on the loop; one is in flight at a time. A commit that fails is tried again each second until it
// succeeds, so that no change is ever skipped; the rooms gather their next changes meanwhile.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/log.h"
#include "base/result.h"
#include "loop/async.h"
#include "loop/loop.h"
#include "state/cut.h"
#include "state/database.h"

namespace dingtail::state {

class Store {
 public:
  // `on_committed` is called on the loop after each commit.
  Store(loop::Loop& loop, base::Log& log, Database database, std::function<void()> on_committed);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  // Ends the thread; a commit in flight is tried once more if it has failed, then given up.
  ~Store();

  // REQUIRES: !busy(). The cut is durable when on_committed is called.
  void commit(Cut cut);
  [[nodiscard]] bool busy() const { return busy_; }

 private:
  void work();
  void answered();

  base::Log& log_;
  Database database_;  // the thread's alone
  std::function<void()> on_committed_;
  bool busy_ = false;  // the loop's alone
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Cut> cut_;                   // under mutex_
  std::optional<base::Status> last_result_;  // under mutex_
  bool stopping_ = false;                    // under mutex_
  loop::Async answer_;
  std::thread thread_;
};

}  // namespace dingtail::state
