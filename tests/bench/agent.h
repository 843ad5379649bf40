// The agent under measurement: a process of its own in a directory of its own, and a group that hears it.
// What it costs is read from /proc, what it counted from the messages that the group accepted.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "integration/group.h"
#include "support/notify_socket.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace dingtail::bench {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

// What the agent, all its threads together, has cost so far; and what it holds now.
struct Usage {
  double cpu_seconds = 0;
  std::uint64_t wakeups = 0;  // times that a thread waited and was woken
  double rss_mib = 0;
  double most_rss_mib = 0;
  std::size_t descriptors = 0;
};

// Hits by the part that their lines name.
using Counts = std::map<std::uint64_t, std::uint64_t>;

class Agent {
 public:
  // Follows logs/**/*.log from their beginning. `rules`: as TOML.
  Agent(std::string binary, const std::string& rules);

  [[nodiscard]] const test::TempDir& dir() const { return dir_; }
  integration::Group& group() { return group_; }
  test::Process& process() { return *process_; }
  [[nodiscard]] std::string control() const { return dir_ / "state/control.sock"; }

  // Until its first positions are durable. Throws where it does not come so far.
  void start();
  // Until it has nothing to do any more: no thread was woken for a second.
  void wait_until_idle() const;
  [[nodiscard]] Usage usage() const;
  // What the group was told of kLines, and true as soon as that is `expected`; false if the messages end
  // before.
  Counts counts();
  bool wait_for(const Counts& expected);

 private:
  std::string binary_;
  test::TempDir dir_;
  integration::Group group_;
  test::NotifySocket notified_;
  std::unique_ptr<test::Process> process_;
};

// A rule that counts the lines "line N part P", by their part.
extern const std::string kLines;
std::string line(std::uint64_t number, std::uint64_t part);
// The sum of all parts.
std::uint64_t total(const Counts& counts);

// REQUIRES: sorted, not empty.
double at(const std::vector<Milliseconds>& sorted, double part);
// "p50 1.2 ms, p99 3.4 ms, max 5.6 ms".
std::string print(std::vector<Milliseconds> times);

}  // namespace dingtail::bench
