// The real agent through power cuts: its state and the logs are on a small file system on a loop device; at
// random moments the agent is stopped, what has reached the device is copied, all else is thrown away, and
// the agent starts again on the copy, mounted at the same place, and often under another device number.
//
//   power_cuts [N] [--seed S] [--fs ext4|xfs] [--rotations rename,…] [--agent PATH] [--keep]
//
// The program that logs has each line and each rotation on the device before the cut, so that no line may be
// lost and none counted twice. What the robot was told before a cut stays told. Exit code 1 if a line was, or
// if a state was corrupt; 77 where loop devices cannot be mounted (root is needed).
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "crash/agent.h"
#include "crash/file.h"
#include "crash/load.h"
#include "crash/show.h"
#include "crash/writer.h"
#include "support/temp_dir.h"

namespace {

using namespace dingtail;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::uint64_t kMostMore = 100;  // cuts, where too few have shown nothing yet
constexpr const char* kStop = "--- stopped by SIGSTOP ---";

struct Options {
  std::uint64_t cuts = 1000;
  std::uint32_t seed = std::random_device{}();
  std::string file_system = "ext4";
  std::vector<std::string> rotations = crash::rotation_names();
  std::string agent = DINGTAIL_BINARY;
  bool keep = false;
};

// The file system that loses its power. Mounts are seen by this process and its children alone, and end with
// it.
class Disk {
 public:
  Disk(const test::TempDir& dir, std::string file_system) : dir_(dir), file_system_(std::move(file_system)) {}
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk() {
    for (const auto& each : {path(), spare()}) ::umount2(each.c_str(), MNT_DETACH);
  }

  // Why it cannot be had; empty if it is mounted.
  std::string make();
  // Keeps what has reached the device. REQUIRES: no process writes.
  std::string copy();
  // Back to that. REQUIRES: no process has a file open.
  std::string replace_by_copy();

  [[nodiscard]] std::string path() const { return dir_ / "disk"; }
  [[nodiscard]] dev_t device() const;

 private:
  [[nodiscard]] std::string image() const { return dir_ / "disk.img"; }
  // Of a second one, which takes and frees the number of a loop device.
  [[nodiscard]] std::string spare() const { return dir_ / "spare"; }
  std::string run(const test::Command& command);
  std::string make(const std::string& image, std::uintmax_t bytes);
  std::string mount(const std::string& image, const std::string& at);
  std::string toggle_spare();
  [[nodiscard]] std::string device_counters() const;

  const test::TempDir& dir_;
  std::string file_system_;
  bool has_spare_ = false;  // mounted now
};

std::string unmount(const std::string& path) {
  return ::umount2(path.c_str(), 0) == 0 ? "" : "umount: " + std::string(std::strerror(errno));
}

// What a program complains of.
std::string Disk::run(const test::Command& command) {
  if (test::find_program(command.program).empty()) return command.program + " is not installed";
  const auto finished = test::run(command, dir_ / "command");
  return finished.code == 0 ? "" : command.program + ": " + finished.err;
}

std::string Disk::make() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return "mounting needs root";
  for (const auto& each : {path(), spare()}) fs::create_directories(each);
  constexpr std::uintmax_t kLeastOfXfs = 320UL << 20;
  const bool is_xfs = file_system_ == "xfs";
  auto error = make(image(), is_xfs ? kLeastOfXfs : 48UL << 20);
  if (error.empty()) error = make(spare() + ".img", is_xfs ? kLeastOfXfs : 1UL << 20);
  return error.empty() ? mount(image(), path()) : error;
}

std::string Disk::make(const std::string& image, std::uintmax_t bytes) {
  std::ofstream(image).close();
  fs::resize_file(image, bytes);
  return run({"mkfs." + file_system_, {"-q", file_system_ == "xfs" ? "-f" : "-F", image}});
}

std::string Disk::mount(const std::string& image, const std::string& at) {
  return run({"mount", {"-o", "loop", image, at}});
}

std::string Disk::toggle_spare() {
  has_spare_ = !has_spare_;
  return has_spare_ ? mount(spare() + ".img", spare()) : unmount(spare());
}

dev_t Disk::device() const {
  struct stat info {};
  return ::stat(path().c_str(), &info) == 0 ? info.st_dev : 0;
}

std::string Disk::device_counters() const {
  return crash::content("/sys/dev/block/" + std::to_string(major(device())) + ":" +
                        std::to_string(minor(device())) + "/stat");
}

// The kernel writes by itself now and then: a copy made meanwhile would hold states of several moments.
std::string Disk::copy() {
  while (true) {
    const auto before = device_counters();
    auto error = run({"cp", {"--sparse=always", image(), dir_ / "copy.img"}});
    if (!error.empty() || device_counters() == before) return error;
  }
}

std::string Disk::replace_by_copy() {
  auto error = unmount(path());
  if (error.empty()) error = toggle_spare();
  if (!error.empty()) return error;
  fs::rename(dir_ / "copy.img", image());
  return mount(image(), path());
}

struct Cuts {
  std::uint64_t all = 0;
  std::uint64_t at_a_sync = 0;    // of these, in place of an fdatasync
  std::uint64_t with_losses = 0;  // of these, some of what the agent wrote had not reached the device
  std::uint64_t renumbered = 0;   // of these, the device had another number afterwards
};

// The test in the course of its cuts.
class Cutting {
 public:
  Cutting(const Options& options, const test::TempDir& dir, Disk& disk)
      : options_(options),
        dir_(dir),
        disk_(disk),
        random_(options.seed),
        robot_(dir / "messages"),
        writer_(disk.path() + "/logs", options.rotations, options.seed, crash::Sync::kYes, robot_),
        agent_(options.agent, dir.path(), disk.path(), robot_) {}

  int run();

 private:
  std::string cut_many();
  std::string cut(crash::Load& load);
  std::string cut_now();
  void start_agent();
  [[nodiscard]] bool is_stopped() const;
  [[nodiscard]] bool lacks_proof() const;
  void wait_for_moment();
  void stop_agent();

  const Options& options_;
  const test::TempDir& dir_;
  Disk& disk_;
  std::mt19937 random_;
  crash::Robot robot_;
  crash::Writer writer_;
  crash::Agent agent_;
  Cuts cuts_;
  bool can_trace_ = crash::can_trace();
  bool traced_ = false;  // the agent's present run
};

// To be stopped in place of its Nth fdatasync, which does nothing and never returns.
void Cutting::start_agent() {
  const auto n = std::uniform_int_distribution<int>(1, 8)(random_);
  traced_ = can_trace_;
  if (!traced_) return agent_.start();
  agent_.start({"-e", "trace=fdatasync,fsync", "-e",
                "inject=fdatasync,fsync:retval=0:signal=STOP:when=" + std::to_string(n)});
}

// All its threads. Under strace their states do not tell, its trace does.
bool Cutting::is_stopped() const {
  const auto states = agent_.thread_states();
  if (!traced_) return states.find_first_not_of('T') == std::string::npos;
  const std::string trace = crash::content(dir_ / "trace");
  std::size_t stops = 0;
  for (auto at = trace.find(kStop); at != std::string::npos; at = trace.find(kStop, at + 1)) ++stops;
  return stops >= states.size();
}

// Any moment, or that of its stop.
void Cutting::wait_for_moment() {
  const std::chrono::milliseconds most(std::uniform_int_distribution<int>(0, 300)(random_));
  test::eventually([this] { return is_stopped(); }, most);
}

// As a whole: what its threads had asked of the disk is answered.
void Cutting::stop_agent() {
  agent_.process().signal(SIGSTOP);
  test::eventually([this] { return is_stopped(); });
}

// That what is feared has happened.
bool Cutting::lacks_proof() const {
  return (can_trace_ && cuts_.with_losses == 0) || cuts_.renumbered == 0;
}

// What went wrong.
std::string Cutting::cut(crash::Load& load) {
  const auto paused = load.pause();
  auto error = cut_now();
  if (!error.empty()) load.stop();  // its files may be closed
  return error;
}

std::string Cutting::cut_now() {
  if (is_stopped()) ++cuts_.at_a_sync;
  stop_agent();
  const auto written = crash::content(disk_.path() + "/state/state.db-wal");
  if (auto error = disk_.copy(); !error.empty()) return error;
  if (!agent_.kill()) return "it ended by itself";
  writer_.close();
  const auto device = disk_.device();
  if (auto error = disk_.replace_by_copy(); !error.empty()) return error;
  if (disk_.device() != device) ++cuts_.renumbered;
  writer_.open();
  ++cuts_.all;
  if (crash::content(disk_.path() + "/state/state.db-wal") != written) ++cuts_.with_losses;
  if (!crash::is_sound(disk_.path() + "/state", dir_ / "copy")) return "the state is corrupt";
  start_agent();
  return {};
}

std::string Cutting::cut_many() {
  agent_.start();  // what is rotated away before the first cut is none of its business
  if (!agent_.wait_until_ready()) return "it does not start";
  const crash::Progress progress;
  crash::Load load(writer_, robot_);
  while (cuts_.all < options_.cuts || (lacks_proof() && cuts_.all < options_.cuts + kMostMore)) {
    wait_for_moment();
    if (auto error = cut(load); !error.empty()) return error;
    if (robot_.told_most() > crash::kLinesAPart) return "a line was counted twice: no more cuts";
    progress.show(std::to_string(cuts_.all) + " of " + std::to_string(options_.cuts) + " cuts");
  }
  return {};
}

int Cutting::run() {
  std::vector<std::string> faults;
  auto error = cut_many();
  if (error.empty()) error = crash::settle(agent_, robot_, writer_);
  if (!error.empty()) faults.push_back(error);
  if (lacks_proof()) faults.emplace_back("no cut took what the agent had written, or renumbered the device");
  const auto told = robot_.told();
  const auto verdict = crash::judge(writer_.written(), told);
  faults.insert(faults.end(), verdict.faults.begin(), verdict.faults.end());
  std::printf(
      "power_cuts: %s, seed %u, %lu cuts (%lu in place of a sync, %lu took unsynced writes, %lu under "
      "another device "
      "number), %lu lines, %lu "
      "rotations, %lu messages, %lu repeats, %lu lost, %lu counted twice\n",
      options_.file_system.c_str(), options_.seed, cuts_.all, cuts_.at_a_sync, cuts_.with_losses,
      cuts_.renumbered, writer_.lines(), writer_.rotations(), told.messages, told.repeats, verdict.lost,
      verdict.twice);
  std::error_code unkept;
  fs::copy_file(dir_ / "agent.log", disk_.path() + "/agent.log", unkept);
  const int code = crash::conclude(faults, agent_.process().err(), disk_.path(), options_.keep);
  agent_.kill();
  writer_.close();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Cuts the agent's power, and counts the lines that the group was told of.");
  app.add_option("N", options.cuts, "cuts")->capture_default_str();
  app.add_option("--seed", options.seed, "of lines, rotations and moments; printed");
  app.add_option("--fs", options.file_system)->check(CLI::IsMember({"ext4", "xfs"}))->capture_default_str();
  app.add_option("--rotations", options.rotations)
      ->delimiter(',')
      ->check(CLI::IsMember(crash::rotation_names()));
  app.add_option("--agent", options.agent, "the dingtail to run");
  app.add_flag("--keep", options.keep, "copy all files to ./crash-kept if it fails");
  CLI11_PARSE(app, argc, argv);
  const test::TempDir dir;
  Disk disk(dir, options.file_system);
  if (const auto error = disk.make(); !error.empty()) {
    std::printf("power_cuts: skipped: %s\n", error.c_str());
    return crash::kSkipped;
  }
  return Cutting(options, dir, disk).run();
}
