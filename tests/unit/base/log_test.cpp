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

}  // namespace
}  // namespace dingtail::base
