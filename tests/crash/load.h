// What kills and power_cuts share: a writer that goes on by itself, and the end of such a test.
#pragma once

#include <mutex>
#include <string>
#include <thread>

#include "crash/agent.h"
#include "crash/writer.h"

namespace dingtail::crash {

// The writer on a thread of its own, as far ahead of what the group was told as the agent can bear.
class Load {
 public:
  Load(Writer& writer, Robot& robot);

  // No step is under way while this is held.
  std::unique_lock<std::mutex> pause() { return std::unique_lock(step_); }
  // No step is begun any more.
  void stop() { thread_.request_stop(); }

 private:
  void work(const std::stop_token& stop);

  Writer& writer_;
  Robot& robot_;
  std::mutex step_;
  std::jthread thread_;
};

// The agent's last run, left alone until all is told, a fresh line too; ends with SIGTERM. What is wrong with
// it.
std::string settle(Agent& agent, Robot& robot, Writer& writer);

}  // namespace dingtail::crash
