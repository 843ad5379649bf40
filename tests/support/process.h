// A program that a test runs: its output in files, its end awaited with a deadline, killed with the object.
// Its environment is the test's own choice but for PATH, the time zone and the sanitizers' options.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dingtail::test {

// For whatever a test waits for: generous, for a loaded machine under a sanitizer. Only a failing test takes
// it.
constexpr std::chrono::seconds kDeadline{30};

// True as soon as `holds` does, false if it did not until the deadline.
bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds deadline = kDeadline);

struct Command {
  std::string program;  // a path, or a name to be found in PATH or in /usr/sbin
  std::vector<std::string> arguments{};
  std::map<std::string, std::string> environment{};
  std::string directory{};
  std::string user{};  // whom to run as; only root can
};

// The path of a program that can be run: of a path itself, of a name where it is found; else empty.
std::string find_program(const std::string& name);
// A TCP port on loopback that nobody listens on now.
std::uint16_t free_port();

class Process {
 public:
  // `output`.out and `output`.err take what it says. Throws where it cannot be started.
  Process(const Command& command, const std::string& output);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  // The exit code, or 128 + the signal that ended it; nothing if it runs on after the deadline.
  std::optional<int> wait(std::chrono::milliseconds deadline = kDeadline);

  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

 private:
  std::string output_;
  pid_t pid_ = -1;
  std::optional<int> ended_;
};

struct Finished {
  int code = -1;  // as Process::wait(); -1: it did not end in time
  std::string out;
  std::string err;
};

// Runs the program to its end.
Finished run(const Command& command, const std::string& output);

}  // namespace dingtail::test
