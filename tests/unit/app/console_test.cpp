#include "app/console.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <map>
#include <string>

#include "base/fd.h"

namespace dingtail::app {
namespace {

constexpr std::size_t kPlenty = 1 << 20;

// While the console writes, stdout is a pipe that holds 4096 bytes.
class ConsoleTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader_ = base::Fd(ends[0]);
    writer_ = base::Fd(ends[1]);
    ASSERT_EQ(::fcntl(writer_.get(), F_SETPIPE_SZ, 4096), 4096);
    ASSERT_EQ(::fcntl(reader_.get(), F_SETFL, O_NONBLOCK), 0);
  }
  void write_some() { write_some(writer_); }
  void write_some(const base::Fd& to) {
    std::fflush(stdout);
    const base::Fd kept(::dup(STDOUT_FILENO));
    ASSERT_EQ(::dup2(to.get(), STDOUT_FILENO), STDOUT_FILENO);
    console_.write_some({});
    ASSERT_EQ(::dup2(kept.get(), STDOUT_FILENO), STDOUT_FILENO);
  }
  // What the state holds after the next commit.
  void commit() {
    const auto changes = console_.take_changes();
    for (const auto& row : changes.changed) state_[row.id] = row.text;
    for (const auto id : changes.erased) state_.erase(id);
    console_.committed();
  }
  void print(const std::string& text, std::size_t most_bytes) {
    console_.print(text, most_bytes);
    commit();
  }
  // All that is printed once somebody reads.
  std::string read_all() {
    std::string out;
    do {
      write_some();
      std::array<char, 8192> buffer{};
      const auto got = ::read(reader_.get(), buffer.data(), buffer.size());
      if (got > 0) out.append(buffer.data(), static_cast<std::size_t>(got));
    } while (console_.waiting() > 0);
    return out;
  }

  Console console_;
  std::map<std::uint64_t, std::string> state_;
  base::Fd reader_;

 private:
  base::Fd writer_;
};

TEST_F(ConsoleTest, WhatAFullPipeDoesNotTakeWaits) {
  const std::string page(4096, 'x');
  print(page, kPlenty);
  print("second", kPlenty);
  commit();
  write_some();
  EXPECT_EQ(console_.waiting(), 2U) << "the first one's newline";
  EXPECT_TRUE(console_.next_try({}));
  EXPECT_EQ(read_all(), page + "\nsecond\n");
  EXPECT_EQ(console_.printed(), 2U);
  EXPECT_FALSE(console_.next_try({}));
}

TEST_F(ConsoleTest, WhatAFullDiskDoesNotTakeWaits) {
  const base::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full);
  print("one", kPlenty);
  write_some(full);
  EXPECT_EQ(console_.waiting(), 1U);
  EXPECT_GT(console_.next_try({}), base::Mono{}) << "not at once";
  EXPECT_EQ(read_all(), "one\n");
}

TEST_F(ConsoleTest, WhatNobodyWillReadAnyMoreDoesNotWait) {
  std::signal(SIGPIPE, SIG_IGN);
  reader_ = {};
  print("one", kPlenty);
  write_some();
  EXPECT_EQ(console_.waiting(), 0U);
  std::signal(SIGPIPE, SIG_DFL);
}

TEST_F(ConsoleTest, LeavesOutWhatIsBeyondItsBoundAndSaysSo) {
  for (int message = 0; message < 1000; ++message) print(std::string(99, 'x'), 300);
  EXPECT_EQ(console_.waiting(), 4U) << "the line that says so, too";
  print("small, but later than what was left out", 300);
  const std::string line = std::string(99, 'x') + '\n';
  EXPECT_EQ(read_all(), line + line + line + "dingtail: messages left out here, as nobody read: 998\n");
  print("as before", 300);
  EXPECT_EQ(read_all(), "as before\n");
}

TEST_F(ConsoleTest, TakesOneMessageOfAnySize) {
  const std::string large(5000, 'x');
  print(large, 300);
  print("y", 300);
  EXPECT_EQ(read_all(), large + "\ndingtail: messages left out here, as nobody read: 1\n");
}

TEST_F(ConsoleTest, WritesAMessageWhenTheStateHasItAndKeepsItThereUntilItIsWritten) {
  console_.print("one", kPlenty);
  write_some();
  EXPECT_EQ(console_.waiting(), 1U);
  EXPECT_FALSE(console_.next_try({})) << "until the commit";
  const auto changes = console_.take_changes();
  ASSERT_EQ(changes.changed.size(), 1U);
  write_some();
  EXPECT_EQ(console_.waiting(), 1U) << "the commit is under way";
  console_.committed();
  EXPECT_FALSE(console_.has_changes());
  EXPECT_EQ(read_all(), "one\n");
  EXPECT_TRUE(console_.has_changes());
  const auto written = console_.take_changes();
  EXPECT_TRUE(written.changed.empty());
  EXPECT_EQ(written.erased, std::vector{changes.changed[0].id});
}

TEST_F(ConsoleTest, WhatTheLastRunLeftComesFirst) {
  for (int message = 0; message < 9; ++message) print(std::string(99, 'x'), 300);
  print("y", 300);
  std::vector<deliver::ConsoleRow> saved;
  for (const auto& [id, text] : state_) saved.push_back({id, text});
  const auto expected = read_all();
  state_.clear();
  console_ = Console(saved);
  EXPECT_FALSE(console_.has_changes());
  print("new", kPlenty);
  EXPECT_EQ(read_all(), expected + "new\n");
}

}  // namespace
}  // namespace dingtail::app
