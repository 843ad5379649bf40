// Faults F32 to F36: the disk of the state is full, fails, is slow or may not be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "integration/fault.h"
#include "integration/mount.h"
#include "integration/strace.h"
#include "observe/control.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

std::vector<std::string> small_disk() {
  return {"-t", "tmpfs", "-o", "size=8m,mode=750", "none"};
}

// Takes all the room that is left. False: there was none.
bool fill(const std::string& path) {
  const auto before = fs::exists(path) ? fs::file_size(path) : 0;
  std::ofstream filler(path, std::ios::app | std::ios::binary);
  const std::string page(4096, 'x');
  while (filler.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) {
  }
  return fs::file_size(path) > before;
}

bool has(const Messages& notices, const std::string& part) {
  return std::any_of(notices.begin(), notices.end(), [&](const sandbox::Received& notice) {
    return notice.verdict.posted.text.find(part) != std::string::npos;
  });
}

TEST_F(Fault, F32_AFullDiskIsLivedThroughWithoutTheBallastInMemoryAndHealsByItself) {
  const Mount disk(small_disk(), file("state"));
  if (!disk.refused().empty()) GTEST_SKIP() << disk.refused();
  follow_lines();
  start();
  write(1, 20);
  ASSERT_TRUE(wait_until_told(20));
  ASSERT_TRUE(fs::exists(file("state/ballast")));
  int written = 20;
  ASSERT_TRUE(test::eventually([&] {
    fill(file("state/filler"));
    write_next(written);
    return logged("state-failed");
  }));
  EXPECT_TRUE(logged("database or disk is full"));
  EXPECT_FALSE(fs::exists(file("state/ballast")));
  write(written + 1, written + 20);
  written += 20;
  EXPECT_TRUE(wait_until_told(written));  // from memory
  EXPECT_TRUE(test::eventually([&] { return has(group().notices(), "state-failed"); }));
  fs::remove(file("state/filler"));
  ASSERT_TRUE(wait_until_logged("state-back"));
  EXPECT_TRUE(fs::exists(file("state/ballast")));
  kill();  // so that nothing is left but what was written
  start();
  write(written + 1, written + 20);
  expect_each_once(written + 20);
}

TEST_F(Fault, F32_AnEndOnAFullDiskIsAFailureAndSaysWhatFollows) {
  const Mount disk(small_disk(), file("state"));
  if (!disk.refused().empty()) GTEST_SKIP() << disk.refused();
  follow_lines();
  start();
  int written = 0;
  ASSERT_TRUE(test::eventually([&] {
    fill(file("state/filler"));
    write_next(written);
    return logged("state-failed");
  }));
  agent().signal(SIGTERM);
  EXPECT_EQ(agent().wait(), 1);
  EXPECT_TRUE(logged("reads the lines since then again and repeats their alerts"));
}

TEST_F(Fault, F32_ALimitOnTheSizeOfFilesIsAsAFullDisk) {
  follow_lines();
  under_ = {"prlimit", "--fsize=32768"};
  start();
  EXPECT_TRUE(logged("state-failed"));
  write(1, 5);
  EXPECT_TRUE(wait_until_told(5));
}

TEST_F(Fault, F33_AFirstStartOnAFullDiskRunsFromMemoryAndTellsItOnce) {
  const Mount disk(small_disk(), file("state"));
  if (!disk.refused().empty()) GTEST_SKIP() << disk.refused();
  ASSERT_TRUE(fill(file("state/filler")));
  follow_lines();
  start();
  EXPECT_TRUE(logged("state-failed"));
  EXPECT_TRUE(wait_until_logged("positions are in memory"));
  write(1, 20);
  EXPECT_TRUE(wait_until_told(20));
  ASSERT_TRUE(test::eventually([&] { return has(group().notices(), "state-failed"); }));
  fs::remove(file("state/filler"));
  ASSERT_TRUE(wait_until_logged("state-back"));
  kill();
  start();
  write(21, 40);
  expect_each_once(40);
  EXPECT_EQ(group().notices().size(), 1U);
}

TEST_F(Fault, F34_AFailedFsyncEndsItWithOneAndTheNextStartGoesOnFromTheLastGoodCut) {
  if (const auto why = strace_refused(); !why.empty()) GTEST_SKIP() << why;
  follow_lines();
  start();
  kill();
  int written = 0;
  for (const auto* sync : {"3", "6", "10"}) {
    under_ = strace({"fdatasync", "error=EIO", sync}, file("trace"));
    launch({"run", "-c", file("dingtail.toml")});
    ASSERT_TRUE(test::eventually([&] {
      write_next(written);
      return agent().wait(0ms).has_value();
    })) << sync;
    EXPECT_EQ(agent().wait(), 1);
    EXPECT_THAT(agent().err(), AllOf(HasSubstr("state-failed"), HasSubstr("can be trusted no longer")));
    // A second one would have succeeded, and hidden what is lost.
    ASSERT_TRUE(
        test::eventually([&] { return bytes_of(file("trace")).find("INJECTED") != std::string::npos; }));
    const auto trace = bytes_of(file("trace"));
    EXPECT_EQ(trace.find("fdatasync(", trace.find("(INJECTED)")), std::string::npos) << trace;
  }
  under_.clear();
  start();
  expect_each_once(written);
  EXPECT_FALSE(logged("state-corrupt"));
}

TEST_F(Fault, F34_AFailedFsyncLosesNoMessageForTheTerminal) {
  if (const auto why = strace_refused(); !why.empty()) GTEST_SKIP() << why;
  write_config(
      "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n"
      "[[target]]\nname = \"screen\"\ntype = \"console\"\n" +
      line_rule());
  start();
  kill();
  const auto line_of = [](int number) { return lines(number, number).substr(0, lines(1, 1).size() - 1); };
  int written = 0;
  std::string shown;
  const auto write_one = [&] {
    ++written;
    write(written, written);
    return test::eventually(
        [&] { return agent().out().find(line_of(written)) != std::string::npos || agent().wait(0ms); });
  };
  for (const auto* sync : {"3", "4", "5", "6", "7"}) {
    under_ = strace({"fdatasync", "error=EIO", sync}, file("trace"));
    launch({"run", "-c", file("dingtail.toml")});
    while (!agent().wait(0ms) && write_one()) {
    }
    EXPECT_EQ(agent().wait(), 1) << sync;
    EXPECT_THAT(bytes_of(file("trace")), HasSubstr("(INJECTED)"));
    shown += agent().out();
  }
  under_.clear();
  start();
  ASSERT_TRUE(write_one());
  stop();
  shown += agent().out();
  for (int line = 1; line <= written; ++line) EXPECT_THAT(shown, HasSubstr(line_of(line))) << "at least once";
}

// How late a thread is at worst that has nothing to do.
class Idle {
 public:
  Idle() : thread_([this](const std::stop_token& stop) { work(stop); }) {}
  [[nodiscard]] Clock::duration worst() const { return Clock::duration(worst_); }

 private:
  void work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto before = Clock::now();
      std::this_thread::sleep_for(1ms);
      worst_ = std::max(worst_.load(), (Clock::now() - before).count());
    }
  }
  std::atomic<Clock::rep> worst_ = 0;
  std::jthread thread_;
};

TEST_F(Fault, F35_AnFsyncOfSecondsDoesNotHoldUpTheLoop) {
  if (const auto why = strace_refused(); !why.empty()) GTEST_SKIP() << why;
  constexpr auto kDelay = 3s;
  constexpr auto kWorstGap = 250ms;
  follow_lines();
  start();
  kill();
  under_ =
      strace({"fdatasync", "delay_enter=" + std::to_string(std::chrono::microseconds(kDelay).count()), "6"},
             file("trace"));
  start();
  const Idle idle;
  const auto begin = Clock::now();
  Clock::duration worst{};
  int written = 0;
  ASSERT_TRUE(test::eventually([&] {
    write_next(written);
    const auto asked = Clock::now();
    EXPECT_TRUE(observe::ask(file("state/control.sock"), "status", kDelay));
    worst = std::max(worst, Clock::now() - asked);
    return bytes_of(file("trace")).find("(DELAYED)") != std::string::npos;
  }));
  EXPECT_GE(Clock::now() - begin, kDelay);
  EXPECT_LE(worst, kWorstGap + idle.worst());
  expect_each_once(written);
}

TEST_F(Fault, F36_AStateThatMayOnlyBeReadIsGoneOnFromInMemoryAndWrittenWhenItMay) {
  const Mount disk(small_disk(), file("state"));
  if (!disk.refused().empty()) GTEST_SKIP() << disk.refused();
  follow_lines();
  start();
  write(1, 20);
  ASSERT_TRUE(wait_until_told(20));
  stop();
  ASSERT_TRUE(disk.remount("ro"));
  write(21, 40);
  start();
  EXPECT_TRUE(logged("state-failed"));
  EXPECT_TRUE(wait_until_told(40));
  ASSERT_TRUE(disk.remount("rw"));
  ASSERT_TRUE(wait_until_logged("state-back"));
  kill();
  start();
  write(41, 60);
  expect_each_once(60);
}

TEST_F(Fault, F36_ADirectoryThatMayOnlyBeReadAtTheStartHasASocketAndABallastWhenItMayBeWritten) {
  const Mount disk(small_disk(), file("state"));
  if (!disk.refused().empty()) GTEST_SKIP() << disk.refused();
  ASSERT_TRUE(disk.remount("ro"));
  follow_lines();
  start();
  EXPECT_TRUE(logged("control-failed"));
  EXPECT_EQ(ask({"status"}).code, 1);
  ASSERT_TRUE(disk.remount("rw"));
  ASSERT_TRUE(wait_until_logged("control-back"));
  EXPECT_EQ(ask({"status"}).code, 0);
  ASSERT_TRUE(wait_until_logged("state-back"));
  EXPECT_TRUE(fs::exists(file("state/ballast")));
}

TEST_F(Fault, F36_AStateThatMayNotBeWrittenAnyMoreIsKeptInMemoryUntilItMay) {
  if (const auto why = strace_refused(); !why.empty()) GTEST_SKIP() << why;
  follow_lines();
  start();
  kill();
  under_ = strace({"pwrite64", "error=EROFS", "8..10"}, file("trace"));
  start();
  int written = 0;
  ASSERT_TRUE(test::eventually([&] {
    write_next(written);
    return logged("state-failed");
  }));
  EXPECT_THAT(bytes_of(file("trace")), HasSubstr("(INJECTED)"));
  ASSERT_TRUE(wait_until_logged("state-back"));
  kill();
  under_.clear();
  start();
  write(written + 1, written + 20);
  expect_each_once(written + 20);
}

}  // namespace
}  // namespace dingtail::integration
