#include "app/console.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
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
  void write_some() {
    std::fflush(stdout);
    const base::Fd kept(::dup(STDOUT_FILENO));
    ASSERT_EQ(::dup2(writer_.get(), STDOUT_FILENO), STDOUT_FILENO);
    console_.write_some({});
    ASSERT_EQ(::dup2(kept.get(), STDOUT_FILENO), STDOUT_FILENO);
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

 private:
  base::Fd reader_;
  base::Fd writer_;
};

TEST_F(ConsoleTest, WhatAFullPipeDoesNotTakeWaits) {
  const std::string page(4096, 'x');
  console_.print(page, kPlenty);
  console_.print("second", kPlenty);
  write_some();
  EXPECT_EQ(console_.waiting(), 2U) << "the first one's newline";
  EXPECT_TRUE(console_.next_try({}));
  EXPECT_EQ(read_all(), page + "\nsecond\n");
  EXPECT_EQ(console_.printed(), 2U);
  EXPECT_FALSE(console_.next_try({}));
}

TEST_F(ConsoleTest, LeavesOutWhatIsBeyondItsBoundAndSaysSo) {
  for (int message = 0; message < 1000; ++message) console_.print(std::string(99, 'x'), 300);
  EXPECT_EQ(console_.waiting(), 3U);
  console_.print("small, but later than what was left out", 300);
  const std::string line = std::string(99, 'x') + '\n';
  EXPECT_EQ(read_all(), line + line + line + "dingtail: messages left out here, as nobody read: 998\n");
  console_.print("as before", 300);
  EXPECT_EQ(read_all(), "as before\n");
}

TEST_F(ConsoleTest, TakesOneMessageOfAnySize) {
  const std::string large(5000, 'x');
  console_.print(large, 300);
  console_.print("y", 300);
  EXPECT_EQ(read_all(), large + "\ndingtail: messages left out here, as nobody read: 1\n");
}

}  // namespace
}  // namespace dingtail::app
