// The agent under strace(1), which makes system calls of its fail. For Host::under_.
#pragma once

#include <string>
#include <vector>

namespace dingtail::integration {

// Why it cannot be had here; empty: it can.
std::string strace_refused();

// One fault: strace's own words for what (`calls`, "fdatasync,fsync"), how ("error=EIO", "signal=KILL") and
// when ("3", "3..8"; each thread counts its own).
struct Injection {
  std::string calls;
  std::string fault;
  std::string when;
};

// The command before the agent's own, which stays the test's child. What strace saw of the calls goes to
// `trace`, with "(INJECTED)" or "(DELAYED)" where it did something.
std::vector<std::string> strace(const Injection& injection, const std::string& trace);

}  // namespace dingtail::integration
