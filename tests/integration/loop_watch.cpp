#include "integration/loop_watch.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "observe/control.h"

namespace dingtail::integration {
namespace {

using std::chrono::nanoseconds;

// proc(5): how long that process's main thread, or the calling one, was ready and waited for a processor.
// That is the machine's doing.
nanoseconds waited_for_processor(const std::string& task) {
  std::int64_t ran = 0;
  std::int64_t waited = 0;
  std::ifstream("/proc/" + task + "/schedstat") >> ran >> waited;
  return nanoseconds(waited);
}

std::string idle_config(const test::TempDir& dir) {
  dir.write("idle.log", "");
  return dir.write("idle.toml",
                   "state_dir = \"state\"\n[[source]]\nname = \"idle\"\npaths = [\"idle.log\"]\n");
}

}  // namespace

LoopWatch::LoopWatch(pid_t pid, std::string control)
    : control_(std::move(control)),
      idle_({DINGTAIL_BINARY, {"run", "-c", idle_config(dir_)}, {}, dir_.path()}, dir_ / "idle") {
  const auto idle_control = dir_ / "state/control.sock";
  if (!test::eventually([&] { return std::filesystem::exists(idle_control); }))
    throw std::runtime_error("the idle agent does not start: " + idle_.err());
  asks_agent_ = std::thread([this, pid] { ask(pid, control_, of_agent_); });
  asks_idle_ = std::thread([this, idle_control] { ask(idle_.pid(), idle_control, of_idle_); });
}

LoopWatch::~LoopWatch() {
  end();
}

void LoopWatch::ask(pid_t pid, const std::string& control, Asked& asked) {
  const auto task = std::to_string(pid) + "/task/" + std::to_string(pid);
  for (; !ending_; std::this_thread::sleep_for(std::chrono::milliseconds(2))) {
    const auto waited = waited_for_processor(task) + waited_for_processor("thread-self");
    const auto begin = std::chrono::steady_clock::now();
    if (!observe::ask(control, "are you there", test::kDeadline)) continue;
    const nanoseconds took = std::chrono::steady_clock::now() - begin;
    const auto machine = waited_for_processor(task) + waited_for_processor("thread-self") - waited;
    asked.worst = std::max(asked.worst, took - machine);
    ++asked.answers;
  }
}

LoopWatch::Worst LoopWatch::end() {
  ending_ = true;
  if (asks_agent_.joinable()) asks_agent_.join();
  if (asks_idle_.joinable()) asks_idle_.join();
  using std::chrono::milliseconds;
  return {std::chrono::duration_cast<milliseconds>(of_agent_.worst),
          std::chrono::duration_cast<milliseconds>(of_idle_.worst)};
}

}  // namespace dingtail::integration
