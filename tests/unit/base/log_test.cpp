#include "base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/fd.h"
#include "support/log_lines.h"

namespace dingtail::base {
namespace {

TEST(Log, ARepeatedTroubleSpeaksOnceUntilItChanges) {
  test::LogLines lines;
  auto& log = lines.log();
  log.say(Event::kFileMissing, "/var/log/a", "no such file");
  log.say(Event::kFileMissing, "/var/log/a", "no such file");
  log.say(Event::kFileMissing, "/var/log/b", "no such file");
  log.say(Event::kFileMissing, "/var/log/a", "permission denied");
  EXPECT_EQ(lines.lines(), (std::vector<std::string>{"file-missing /var/log/a: no such file",
                                                     "file-missing /var/log/b: no such file",
                                                     "file-missing /var/log/a: permission denied"}));
}

TEST(Log, ATroubleThatIsOverSpeaksAnew) {
  test::LogLines lines;
  auto& log = lines.log();
  EXPECT_FALSE(log.over(Event::kFileMissing, "/a"));
  log.say(Event::kFileMissing, "/a", "gone");
  EXPECT_TRUE(log.over(Event::kFileMissing, "/a"));
  log.say(Event::kFileMissing, "/a", "gone");
  EXPECT_EQ(lines.lines().size(), 2U);
}

TEST(Log, KeepsForTheTargetsWhatItSaysOfTheirTroublesAndThatTheyAreOver) {
  test::LogLines lines;
  auto& log = lines.log();
  log.say(Event::kFileFollowed, "/a", "from byte 0");
  log.say(Event::kFileUnreadable, "/a", "Permission denied");
  log.say(Event::kFileUnreadable, "/a", "Permission denied");
  log.over(Event::kFileUnreadable, "/a");
  log.over(Event::kFileUnreadable, "/never-spoken-of");
  EXPECT_EQ(log.take_told(), (std::vector<Told>{{Event::kFileUnreadable, "/a", "Permission denied"},
                                                {Event::kFileUnreadable, "/a", std::nullopt}}));
  EXPECT_TRUE(log.take_told().empty());
}

TEST(Log, KeepsWhatIsToldAsItIsAndItsOwnLineOneLine) {
  test::LogLines lines;
  lines.log().say(Event::kReloadRefused, "", "a.toml:1:2: error: x\n  hint: y");
  EXPECT_EQ(lines.log().take_told().at(0).detail, "a.toml:1:2: error: x\n  hint: y");
  EXPECT_EQ(lines.lines().at(0), "reload-refused a.toml:1:2: error: x   hint: y");
}

// While an object lives, stderr is a pipe that holds 16 KiB.
class StderrPipe {
 public:
  StderrPipe() : kept_(::dup(STDERR_FILENO)) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader_ = Fd(ends[0]);
    const Fd writer(ends[1]);
    EXPECT_EQ(::fcntl(writer.get(), F_SETPIPE_SZ, 16384), 16384);
    EXPECT_EQ(::fcntl(reader_.get(), F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(::dup2(writer.get(), STDERR_FILENO), STDERR_FILENO);
  }
  StderrPipe(const StderrPipe&) = delete;
  StderrPipe& operator=(const StderrPipe&) = delete;
  ~StderrPipe() { ::dup2(kept_.get(), STDERR_FILENO); }

  [[nodiscard]] std::string read() const {
    std::array<char, 16384> buffer{};
    const auto got = ::read(reader_.get(), buffer.data(), buffer.size());
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
  }

 private:
  Fd kept_;
  Fd reader_;
};

TEST(Log, IsNotHeldUpByAStderrThatNobodyReadsAndSaysHowMuchItLeftOut) {
  ::alarm(20);  // it would wait for good
  const StderrPipe pipe;
  auto log = Log::to_stderr();
  for (int i = 0; i < 100; ++i) log.say(Event::kFileFollowed, "/a", std::string(200, 'x'));
  const auto taken = pipe.read();
  const auto lines = std::count(taken.begin(), taken.end(), '\n');
  ASSERT_GT(lines, 0);
  ASSERT_LT(lines, 100);
  EXPECT_TRUE(taken.ends_with("x\n")) << taken;
  log.say(Event::kFileGone, "/b", "");
  log.say(Event::kFileGone, "/c", "");
  const auto later = pipe.read();
  EXPECT_THAT(later, testing::HasSubstr("warning log-left-out lines that nobody read: " +
                                        std::to_string(100 - lines) + '\n'));
  EXPECT_EQ(std::count(later.begin(), later.end(), '\n'), 3) << later;
  ::alarm(0);
}

TEST(Log, ALineIsCutToWhatAPipeTakesAtOnce) {
  const StderrPipe pipe;
  Log::to_stderr().say(Event::kFileGone, std::string(10'000, 'x'), "");
  const auto taken = pipe.read();
  EXPECT_LE(taken.size(), 4096U);
  EXPECT_TRUE(taken.ends_with("x\n"));
}

}  // namespace
}  // namespace dingtail::base
