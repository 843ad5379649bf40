// The real agent as one that crashes: started, killed and started again in a directory of its own. What it
// should do is followed by Robot (what it told) and judged by judge().
//
// In its directory: dingtail.toml, agent.out, agent.err, agent.log (what its earlier runs said). In its data
// directory: logs/ (followed are logs/*.log) and state/.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crash/robot.h"
#include "support/notify_socket.h"
#include "support/process.h"

namespace dingtail::crash {

class Agent {
 public:
  Agent(std::string binary, std::string directory, const std::string& data_directory, const Robot& robot);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  ~Agent() { end(); }

  // With options of strace(1): under it.
  void start(const std::vector<std::string>& strace_options = {});
  // True as soon as its first positions are durable, false if it ends before.
  bool wait_until_ready();
  // A letter a thread, as in proc(5): 'R' on a processor; 'T' stopped; 'D' waiting for the disk, which is a
  // commit, as the logs are in the page cache.
  [[nodiscard]] std::string thread_states() const;
  [[nodiscard]] test::Process& process() { return *process_; }
  // The exit code, if it has ended.
  std::optional<int> ended() { return process_->wait(std::chrono::milliseconds(0)); }
  // What strace wrote. REQUIRES: it has ended.
  std::string trace();
  // SIGKILL. False if it had ended by itself.
  bool kill();

 private:
  void end();
  void await_tracer();
  void reap_tracer();

  std::string binary_;
  std::string directory_;
  std::unique_ptr<test::NotifySocket> notified_;
  std::unique_ptr<test::Process> process_;
  bool ready_ = false;
  pid_t tracer_ = 0;  // strace is not its parent: signals and the exit code are its own
};

// strace is here and may trace.
bool can_trace();

struct Verdict {
  std::uint64_t lost = 0;
  std::uint64_t twice = 0;
  std::vector<std::string> faults;  // of which part, and whatever else was wrong
};

// By the lines written, not by what the agent says of itself.
Verdict judge(const Counts& written, const Told& told);

bool is_all_told(const Counts& written, const Told& told);
// Waits until all lines were told, as long as there is progress.
void wait_until_told(Robot& robot, const Counts& written);
// Waits until nothing more is told; lines that were counted twice, too, have been told then.
void wait_until_quiet(Robot& robot);

// SQLite's own check over a copy of the state, which is not touched. An absent one is sound.
bool is_sound(const std::string& state_directory, const std::string& copy_directory);

}  // namespace dingtail::crash
