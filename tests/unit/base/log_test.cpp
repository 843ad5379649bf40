#include "base/log.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace dingtail::base
