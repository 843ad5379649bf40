// A group robot as strict as DingTalk's, for agents that are killed: it writes each message down, durably,
// before it answers, and adds up what the group was told. A repeat under the same msgUuid counts once. The
// messages it understands are those of config_for() (agent.h): of one part of the lines, "N hits" of "part
// P".
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/fd.h"
#include "sandbox/server.h"

namespace dingtail::crash {

using Counts = std::map<std::uint64_t, std::uint64_t>;  // lines by their part

struct Told {
  Counts lines;
  std::uint64_t total = 0;
  std::uint64_t most = 0;  // of one part
  std::uint64_t messages = 0;
  std::uint64_t repeats = 0;
  std::vector<std::string> others;  // messages that are of no part: the agent's own notices
  std::vector<std::string> faults;  // refused requests, and repeats that say something else
};

class Robot {
 public:
  // `record`: the file that takes the messages, a JSON object a line.
  explicit Robot(const std::string& record);

  [[nodiscard]] std::string url() const { return server_->url(); }

  Told told();
  std::uint64_t messages();
  std::uint64_t told_of(std::uint64_t part);
  std::uint64_t told_most();  // of one part
  // True as soon as `holds`, false if it did not until the deadline. It is asked again at each message.
  bool wait_for(const std::function<bool(const Told&)>& holds, std::chrono::milliseconds deadline);
  // A message has arrived and is not answered yet.
  bool holds_a_message();

 private:
  void take(const sandbox::Received& received);
  void add_up(const sandbox::Received& received);

  base::Fd record_;
  std::mutex mutex_;
  std::condition_variable grown_;
  Told told_;
  std::map<std::string, std::string> texts_;  // by msgUuid
  std::chrono::steady_clock::time_point latest_{};
  std::unique_ptr<sandbox::Server> server_;  // the last: its threads use what is above
};

}  // namespace dingtail::crash
