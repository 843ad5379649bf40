// How long an agent's loop is away: it is asked for an answer again and again through its control socket,
// beside an agent that has nothing to do, which shows the machine's part. An answer takes three turns of a
// loop, so that the longest wait for one bounds the longest gap between two turns.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "support/process.h"
#include "support/temp_dir.h"

namespace dingtail::integration {

class LoopWatch {
 public:
  // Of the agent with that process and control socket, from now on.
  LoopWatch(pid_t pid, std::string control);
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;
  ~LoopWatch();

  // Of the agent, so far.
  [[nodiscard]] std::size_t answers() const { return of_agent_.answers; }

  struct Worst {
    std::chrono::milliseconds agent{};
    std::chrono::milliseconds idle{};
  };
  Worst end();

 private:
  struct Asked {
    std::chrono::nanoseconds worst{};
    std::atomic<std::size_t> answers = 0;
  };
  void ask(pid_t pid, const std::string& control, Asked& asked);

  test::TempDir dir_;
  std::string control_;
  test::Process idle_;
  std::atomic<bool> ending_ = false;
  Asked of_agent_;
  Asked of_idle_;
  std::thread asks_agent_;
  std::thread asks_idle_;
};

}  // namespace dingtail::integration
