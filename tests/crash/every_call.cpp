// The real agent with a fault at each of its system calls, one after the other: a short scripted run (start,
// lines, a rename, a copytruncate, stop) under strace's injection at the Nth call of a kind, for N = 1, 2, …
// until a run meets no fault any more. strace counts a thread's calls.
//
//   every_call [--every K] [--fault kill,full-disk,…] [--jobs J] [--agent PATH] [--keep]
//
// After each fault the agent is started without one (after a kill, once more with a kill while it recovers);
// all lines must arrive, a fresh one too, each counted just once. How the agent may end under the fault is in
// kFaults. Exit code 1 if anything was wrong, 77 where strace cannot trace.
#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "crash/agent.h"
#include "crash/file.h"
#include "crash/show.h"
#include "support/temp_dir.h"

namespace {

using namespace dingtail;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int kKilledCode = 128 + SIGKILL;

enum class End {
  kKilled,   // by the fault
  kExit1,    // says so and leaves the rest to its next start
  kGoesOn,   // until it is told to stop, then 0
  kRefused,  // goes on, or ends by itself before it was ready; no signal
  kAny,      // as out of memory
};

struct Fault {
  std::string name;
  std::string injection;
  std::uint64_t more;  // calls that it happens to behind the Nth
  End end;
  bool to_state_alone;  // only calls that concern the state's files
  std::vector<std::string> calls;
};

const std::vector<Fault> kFaults = {
    {"kill",
     "signal=KILL",
     0,
     End::kKilled,
     false,
     {"pwrite64", "fdatasync", "fsync", "write", "writev", "sendto", "sendmsg", "recvfrom", "connect",
      "rename", "unlink", "ftruncate", "fallocate", "mkdir", "flock", "openat", "pread64",
      "inotify_add_watch"}},
    {"full-disk", "error=ENOSPC", 0, End::kGoesOn, true, {"pwrite64", "fallocate", "mkdir", "openat"}},
    {"full-disk-for-a-while", "error=ENOSPC", 8, End::kGoesOn, true, {"pwrite64", "fallocate"}},
    {"sync-error", "error=EIO", 0, End::kExit1, true, {"fdatasync", "fsync"}},
    {"no-descriptor", "error=EMFILE", 0, End::kRefused, false, {"openat", "inotify_init1", "socket"}},
    {"no-watch", "error=ENOSPC", 0, End::kGoesOn, false, {"inotify_add_watch"}},
    {"no-memory", "error=ENOMEM", 0, End::kAny, false, {"mmap", "brk"}},
};

std::vector<std::string> fault_names() {
  std::vector<std::string> out;
  for (const auto& fault : kFaults) out.push_back(fault.name);
  return out;
}

struct Options {
  std::uint64_t every = 1;
  std::vector<std::string> faults = fault_names();
  unsigned jobs = 4;
  std::string agent = DINGTAIL_BINARY;
  bool keep = false;
};

// One run under one fault, and what must follow, in a directory of its own.
class Run {
 public:
  explicit Run(const std::string& binary)
      : robot_(dir_ / "messages"), agent_(binary, dir_.path(), dir_.path(), robot_) {
    fs::create_directories(dir_ / "logs");
  }

  // False if the run ended without having met the fault.
  bool meets(const Fault& fault, const std::string& call, std::uint64_t n);
  // The runs after it; what is wrong.
  std::vector<std::string> recover(const Fault& fault, std::uint64_t n);

  [[nodiscard]] std::string path() const { return dir_.path(); }
  [[nodiscard]] std::string agent_said() { return agent_said_ + agent_.process().err(); }
  std::uint64_t lost = 0;
  std::uint64_t twice = 0;

 private:
  [[nodiscard]] std::vector<std::string> strace(const Fault& fault, const std::string& call,
                                                std::uint64_t n) const;
  [[nodiscard]] bool was_injected(const Fault& fault, int code);
  void play();
  void rotate();
  void write(const std::string& name, int lines);
  void wait();
  [[nodiscard]] bool is_healed();
  void check_end(const Fault& fault, int code);

  test::TempDir dir_;
  crash::Robot robot_;
  crash::Agent agent_;
  crash::Counts written_;
  bool ready_ = false;
  std::string agent_said_;
  std::vector<std::string> faults_;
};

std::vector<std::string> Run::strace(const Fault& fault, const std::string& call, std::uint64_t n) const {
  std::string when = std::to_string(n);
  if (fault.more > 0) when += ".." + std::to_string(n + fault.more);
  std::vector<std::string> out = {"-e", "trace=" + call, "-e",
                                  "inject=" + call + ":" + fault.injection + ":when=" + when};
  if (fault.to_state_alone)
    for (const std::string name :
         {"", "/state.db.new", "/state.db", "/state.db-wal", "/state.db-journal", "/ballast"})
      // SQLite syncs the directory by fdatasync and forgets the answer; the agent does so itself, by fsync.
      if (!name.empty() || call != "fdatasync") out.insert(out.end(), {"-P", dir_ / "state" + name});
  return out;
}

bool Run::was_injected(const Fault& fault, int code) {
  if (fault.end == End::kKilled) return code == kKilledCode;
  return agent_.trace().find("(INJECTED)") != std::string::npos;
}

// Each call is a part of its own, so that what is wrong can be told apart.
void Run::write(const std::string& name, int lines) {
  const auto part = written_.size();
  std::ofstream file(dir_ / "logs/" + name, std::ios::app);
  for (int i = 0; i < lines; ++i) file << "line " << i << " part " << part << "\n";
  written_[part] += static_cast<std::uint64_t>(lines);
}

// Until the group knows all, or the agent has ended.
void Run::wait() {
  const auto told = [&](const crash::Told& now) { return crash::is_all_told(written_, now); };
  const bool done = test::eventually([&] { return agent_.ended() || robot_.wait_for(told, 20ms); });
  if (!done) faults_.emplace_back("it hears nothing any more");
}

void Run::rotate() {
  const std::string log = dir_ / "logs/renamed.log";
  fs::rename(log, log + ".1");
  write("renamed.log", 13);
  wait();
  const std::string copied = dir_ / "logs/copied.log";
  fs::copy_file(copied, copied + ".1");
  fs::resize_file(copied, 0);
  write("copied.log", 9);
  wait();
}

void Run::play() {
  write("renamed.log", 7);
  write("copied.log", 5);
  wait();
  write("renamed.log", 11);
  write("copied.log", 3);
  // What is rotated away before the first cut is none of its business.
  if (ready_) rotate();
}

// The last of its calls was answered as it should, and its state is on the disk.
bool Run::is_healed() {
  const std::string trace = crash::content(dir_ / "trace");
  const std::string said = agent_.process().err();
  const bool is_written =
      said.find("state-failed") == std::string::npos || said.find("state-back") != std::string::npos;
  return is_written && !trace.ends_with("(INJECTED)\n");
}

void Run::check_end(const Fault& fault, int code) {
  const bool by_signal = code > 128;
  // Where the last cut of all met the fault, the end is a failure and says so.
  const bool unsaved = code == 1 && agent_said_.find("could not be written at the end") != std::string::npos;
  bool good = true;
  if (fault.end == End::kExit1) good = code == 1;
  if (fault.end == End::kGoesOn) good = code == 0 || unsaved;
  if (fault.end == End::kRefused) good = code == 0 || (!ready_ && !by_signal);
  if (!good) faults_.push_back("it ended with " + std::to_string(code));
}

bool Run::meets(const Fault& fault, const std::string& call, std::uint64_t n) {
  agent_.start(strace(fault, call, n));
  ready_ = agent_.wait_until_ready();
  play();
  // What was told while the state could not be written may be told again: so not before it can be.
  if (fault.end == End::kGoesOn && fault.to_state_alone)
    test::eventually([this] { return agent_.ended() || is_healed(); });
  if (!agent_.ended()) agent_.process().signal(SIGTERM);
  const int code = agent_.process().wait().value_or(-1);
  agent_said_ = agent_.process().err();
  if (!was_injected(fault, code)) return false;
  check_end(fault, code);
  return true;
}

std::vector<std::string> Run::recover(const Fault& fault, std::uint64_t n) {
  if (fault.end == End::kKilled) {
    agent_.start(strace(fault, "pwrite64,fdatasync,pread64,openat", n * 7 % 61 + 1));
    agent_.wait_until_ready();
    agent_.kill();
  }
  agent_.start();
  if (!agent_.wait_until_ready()) faults_.emplace_back("it does not start any more");
  crash::wait_until_told(robot_, written_);
  write("renamed.log", 1);
  crash::wait_until_told(robot_, written_);
  crash::wait_until_quiet(robot_);
  agent_.process().signal(SIGTERM);
  if (agent_.process().wait() != 0) faults_.emplace_back("it does not stop with 0");
  if (!crash::is_sound(dir_ / "state", dir_ / "copy")) faults_.emplace_back("the state is corrupt");
  auto told = robot_.told();
  if (fault.end != End::kKilled) told.others.clear();  // it may say that something is wrong
  const auto verdict = crash::judge(written_, told);
  lost = verdict.lost;
  twice = verdict.twice;
  faults_.insert(faults_.end(), verdict.faults.begin(), verdict.faults.end());
  return faults_;
}

// All faults at all calls, by several workers.
class Sweep {
 public:
  explicit Sweep(const Options& options) : options_(options) {
    for (const auto& fault : kFaults)
      if (std::count(options.faults.begin(), options.faults.end(), fault.name) > 0)
        for (const auto& call : fault.calls) tasks_.push_back({&fault, call, 0});
  }

  int run();

 private:
  struct Task {
    const Fault* fault;
    std::string call;
    std::uint64_t met;
  };

  void work();
  void sweep(Task& task);
  void note(const Task& task, std::uint64_t n, Run& run, const std::vector<std::string>& faults);

  const Options& options_;
  std::vector<Task> tasks_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;  // what follows
  crash::Progress progress_;
  std::uint64_t runs_ = 0;
  std::uint64_t bad_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t twice_ = 0;
};

void Sweep::note(const Task& task, std::uint64_t n, Run& run, const std::vector<std::string>& faults) {
  const std::scoped_lock lock(mutex_);
  ++runs_;
  lost_ += run.lost;
  twice_ += run.twice;
  const std::string name = task.fault->name + " at " + task.call + " " + std::to_string(n);
  progress_.show(std::to_string(runs_) + " faults; " + name);
  if (faults.empty()) return;
  ++bad_;
  std::printf("%s:\n", name.c_str());
  crash::conclude(faults, run.agent_said(), run.path(), options_.keep);
}

void Sweep::sweep(Task& task) {
  for (std::uint64_t n = 1;; n += options_.every) {
    Run run(options_.agent);
    if (!run.meets(*task.fault, task.call, n)) return;
    ++task.met;
    note(task, n, run, run.recover(*task.fault, n));
  }
}

void Sweep::work() {
  for (auto i = next_++; i < tasks_.size(); i = next_++) sweep(tasks_[i]);
}

int Sweep::run() {
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < options_.jobs; ++i) workers.emplace_back([this] { work(); });
  }
  bool all_met = true;
  for (const auto& fault : kFaults) {
    std::string line;
    for (const auto& task : tasks_)
      if (task.fault == &fault && task.met > 0) line += ", " + task.call + " " + std::to_string(task.met);
    const bool asked = std::count(options_.faults.begin(), options_.faults.end(), fault.name) > 0;
    if (asked)
      std::printf("%s at %s\n", fault.name.c_str(), line.empty() ? "no call" : line.substr(2).c_str());
    all_met = all_met && (!asked || !line.empty());
  }
  std::printf("every_call: %lu faults, %lu with an error, %lu lost, %lu counted twice\n", runs_, bad_, lost_,
              twice_);
  return bad_ == 0 && all_met ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Puts a fault at each system call of the agent, and counts the lines that the group was told of.");
  app.add_option("--every", options.every, "only each Kth call")->check(CLI::PositiveNumber);
  app.add_option("--fault", options.faults)->delimiter(',')->check(CLI::IsMember(fault_names()));
  app.add_option("--jobs", options.jobs, "runs at a time")->capture_default_str();
  app.add_option("--agent", options.agent, "the dingtail to run");
  app.add_flag("--keep", options.keep, "copy all files of the last failure to ./crash-kept");
  CLI11_PARSE(app, argc, argv);
  if (!crash::can_trace()) {
    std::puts("every_call: skipped: strace is not installed, or may not trace here");
    return crash::kSkipped;
  }
  return Sweep(options).run();
}
