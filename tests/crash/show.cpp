#include "crash/show.h"

#include <unistd.h>

#include <cstdio>

#include "support/process.h"

namespace dingtail::crash {

Progress::Progress() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (on_terminal_) std::fputs("\r\x1b[K", stderr);
}

void Progress::show(const std::string& text) const {
  if (on_terminal_) std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
}

int conclude(const std::vector<std::string>& faults, const std::string& agent_said,
             const std::string& directory, bool keep) {
  if (faults.empty()) return 0;
  for (const auto& fault : faults) std::printf("  %s\n", fault.c_str());
  constexpr std::size_t kMostSaid = 4000;
  const auto from = agent_said.size() > kMostSaid ? agent_said.size() - kMostSaid : 0;
  std::printf("the agent said at last:\n%s", agent_said.substr(from).c_str());
  if (keep) {
    test::run({"cp", {"-a", "--no-target-directory", directory, "crash-kept"}}, directory + "/cp");
    std::printf("all files are in ./crash-kept\n");
  }
  return 1;
}

}  // namespace dingtail::crash
