// What the crash programs say: progress on a terminal, and how it ended.
#pragma once

#include <string>
#include <vector>

namespace dingtail::crash {

// One line on stderr, written over and over; nothing where that is no terminal.
class Progress {
 public:
  Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void show(const std::string& text) const;

 private:
  bool on_terminal_;
};

// Says what was wrong and what the agent said last, and keeps `directory` as ./crash-kept if asked to. The
// exit code: 0 if there are no faults, else 1.
int conclude(const std::vector<std::string>& faults, const std::string& agent_said,
             const std::string& directory, bool keep);

// The exit code for what this host does not allow; CTest takes it as skipped.
constexpr int kSkipped = 77;

}  // namespace dingtail::crash
