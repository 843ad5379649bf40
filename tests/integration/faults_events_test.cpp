// F18–F22: inotify and descriptors exhausted, events lost, and storms of them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "integration/fault.h"
#include "integration/strace.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A user namespace of the agent's own, where inotify has a limit of its own: `limit` is "watches=50".
std::vector<std::string> with_inotify(const std::string& limit) {
  const auto at = limit.find('=');
  const std::string set =
      "echo " + limit.substr(at + 1) + " >/proc/sys/user/max_inotify_" + limit.substr(0, at);
  return {"unshare", "-Ur", "sh", "-c", set + " && exec \"$0\" \"$@\""};
}

// Why it cannot be had here; empty: it can.
std::string user_namespace_refused(const std::string& scratch) {
  const auto tried = test::run({"unshare", {"-Ur", "true"}}, scratch);
  return tried.code == 0 ? "" : "no user namespaces: " + tried.err;
}

std::string set_inotify(pid_t in_namespace_of, const std::string& limit, const std::string& scratch) {
  auto words = with_inotify(limit);
  const auto set = test::run({"nsenter",
                              {"--user", "--preserve-credentials", "--target",
                               std::to_string(in_namespace_of), words[2], words[3], words[4], "true"}},
                             scratch);
  return set.code == 0 ? "" : set.err;
}

TEST_F(Fault, F18_WithoutInotifyWatchesFilesAreLookedAtAndTheWatchesComeBack) {
  if (const auto why = user_namespace_refused(file("unshare")); !why.empty()) GTEST_SKIP() << why;
  constexpr int kDirectories = 30;
  const auto name = [](int i) { return "logs/" + std::to_string(i) + "/app.log"; };
  follow_lines("\"logs/*/*.log\"");
  for (int i = 0; i < kDirectories; ++i) dir_.write(name(i), "");
  under_ = with_inotify("watches=10");
  start();
  ASSERT_TRUE(wait_until_logged("watch-failed"));
  for (int i = 0; i < kDirectories; ++i) dir_.append(name(i), lines(i + 1, i + 1));
  ASSERT_TRUE(wait_until_told(kDirectories));
  ASSERT_TRUE(test::eventually([&] { return !group().notices().empty(); }));
  EXPECT_THAT(group().notices()[0].verdict.posted.text, HasSubstr("watch-failed"));
  ASSERT_EQ(set_inotify(agent().pid(), "watches=1000", file("nsenter")), "");
  ASSERT_TRUE(wait_until_logged("watch-back"));
  for (int i = 0; i < kDirectories; ++i)
    dir_.append(name(i), lines(kDirectories + i + 1, kDirectories + i + 1));
  expect_each_once(2 * kDirectories);
  EXPECT_EQ(times_logged("watch-failed"), 1U);
}

TEST_F(Fault, F19_WithoutAnInotifyInstanceFilesAreLookedAtAndEventsComeBack) {
  if (const auto why = user_namespace_refused(file("unshare")); !why.empty()) GTEST_SKIP() << why;
  follow_lines("\"*.log\"");
  under_ = with_inotify("instances=0");
  start();
  ASSERT_TRUE(wait_until_logged("watch-failed"));
  write(1, 10);
  dir_.write("another.log", lines(11, 20));
  ASSERT_TRUE(wait_until_told(20));
  ASSERT_EQ(set_inotify(agent().pid(), "instances=10", file("nsenter")), "");
  ASSERT_TRUE(wait_until_logged("watch-back"));
  write(21, 30);
  expect_each_once(30);
  EXPECT_EQ(times_logged("watch-failed"), 1U);
}

int queue_length() {
  int length = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> length;
  return length;
}

TEST_F(Fault, F20_EventsThatAreLostCostNoLine) {
  const int events = queue_length() + 1000;
  follow("\"*.log\"", "", rule("r", "match = 'line'"));
  dir_.write("a.log", "");
  dir_.write("b.log", "");
  start();
  freeze();
  std::ofstream a(file("a.log"), std::ios::app);
  std::ofstream b(file("b.log"), std::ios::app);
  for (int i = 0; i < events; ++i)  // events of one file in a row would be one
    (i % 2 == 0 ? a : b) << "line " << i << "\n" << std::flush;
  dir_.write("c.log", "line\n");  // what tells of it was lost
  thaw();
  ASSERT_TRUE(wait_for_hits(static_cast<std::uint64_t>(events) + 1));
  EXPECT_TRUE(wait_until_logged("events-overflowed"));  // the last that the queue holds
  stop();
  EXPECT_EQ(hits_in(group().messages()), static_cast<std::uint64_t>(events) + 1);
}

// Writes a byte to each of several files in turn, as fast as it can, until it is destroyed.
class Storm {
 public:
  explicit Storm(const std::vector<std::string>& paths) {
    for (const auto& path : paths) {
      files_.emplace_back(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
      if (!files_.back()) throw std::runtime_error("open " + path);
    }
    thread_ = std::thread([this] { run(); });
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;
  ~Storm() { end(); }

  // How many writes it was.
  std::uint64_t end() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
    return writes_;
  }

 private:
  void run() {
    while (!ended_)
      for (const auto& each : files_)
        if (::write(each.get(), "\n", 1) == 1) ++writes_;
  }

  std::vector<base::Fd> files_;
  std::atomic<bool> ended_ = false;
  std::uint64_t writes_ = 0;
  std::thread thread_;
};

using Clock = std::chrono::steady_clock;

TEST_F(Fault, F21_AStormOfEventsDoesNotHoldUpTheLoop) {
  constexpr std::chrono::milliseconds kWorst{250};
  constexpr int kFiles = 8;
  std::vector<std::string> names;
  for (int i = 0; i < kFiles; ++i) names.push_back(dir_.write("storm/" + std::to_string(i) + ".log", ""));
  follow_lines("\"app.log\", \"storm/*.log\"");
  start();
  Storm storm(names);
  std::chrono::nanoseconds worst{0};
  int last = 0;
  for (const auto end = Clock::now() + std::chrono::seconds(1); Clock::now() < end;) {
    ++last;
    write(last, last);
    worst = std::max(worst, answer_time());
  }
  EXPECT_LT(worst, kWorst);
  EXPECT_GT(storm.end(), 50'000U);
  expect_each_once(last);
}

// Below the limit; one that it inherited may be above.
std::set<rlim_t> descriptors_of(pid_t pid, rlim_t limit) {
  std::set<rlim_t> out;
  for (const auto& each : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
    out.insert(std::stoul(each.path().filename().string()));
  out.erase(out.lower_bound(limit), out.end());
  return out;
}

TEST_F(Fault, F22_OutOfDescriptorsNothingIsDroppedAndItGoesOn) {
  if (const auto why = strace_refused(); !why.empty()) GTEST_SKIP() << why;
  constexpr int kFiles = 500;
  constexpr rlim_t kLimit = 64;
  const auto name = [](int i) { return "logs/" + std::to_string(i) + ".log"; };
  follow("\"logs/*.log\"", "", rule("r", "match = 'line'"));
  for (int i = 0; i < kFiles; ++i) dir_.write(name(i), "");
  environment_["ASAN_OPTIONS"] = "detect_leaks=0";  // the leak checker cannot trace what strace does
  under_ = {"strace",
            "-D",
            "-f",
            "-qq",
            "-Z",
            "-e",
            "trace=openat",
            "-o",
            file("trace"),
            "prlimit",
            "--nofile=" + std::to_string(kLimit)};
  start();
  for (int i = 0; i < kFiles; ++i) dir_.append(name(i), "line\n");
  ASSERT_TRUE(wait_for_hits(kFiles));
  // Those that it has and no further ones.
  const rlimit none{*descriptors_of(agent().pid(), kLimit).rbegin() + 1, kLimit};
  ASSERT_EQ(::prlimit(agent().pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  for (int i = 0; i < kFiles; ++i) dir_.append(name(i), "line\n");
  for (int i = 0; i < kFiles; i += 50) {
    fs::rename(file(name(i)), file(name(i) + ".1"));
    dir_.write(name(i), "line\n");
  }
  ASSERT_TRUE(wait_for_hits(2 * kFiles + kFiles / 50));
  stop();
  EXPECT_EQ(hits_in(group().messages()), 2U * kFiles + kFiles / 50);
  std::ifstream trace(file("trace"));
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(trace), {}), HasSubstr("EMFILE"));
}

}  // namespace
}  // namespace dingtail::integration
