#include "observe/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace dingtail::observe {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

Status with_losses() {
  ::setenv("TZ", "CST-8", 1);
  ::tzset();
  Status status;
  status.losses = {{"/var/log/b \"x\".log", 12345, "truncated", base::from_unix_ms(1'763'692'262'123)},
                   {"/var/log/a.log", 0, "deleted", base::from_unix_ms(1'763'692'200'000)}};
  status.bytes_lost = 99999;
  return status;
}

TEST(Status, GivesProgramsTheLossesAsTheContractHasThem) {
  EXPECT_THAT(
      to_json(with_losses()),
      HasSubstr(
          R"("losses":[{"at":"2025-11-21T10:31:02.123+08:00","bytes":12345,"path":"/var/log/b \"x\".log",)"
          R"("reason":"truncated"},{"at":"2025-11-21T10:30:00.000+08:00","bytes":0,"path":"/var/log/a.log",)"
          R"("reason":"deleted"}])"));
  EXPECT_THAT(to_json(Status{}), HasSubstr(R"("losses":[])"));
}

TEST(Status, ShowsPeopleTheLossesAsATable) {
  EXPECT_THAT(to_text(with_losses()), HasSubstr(R"(
Losses
  PATH                BYTES    LAST                 REASON
  /var/log/b "x".log  12345    2025-11-21 10:31:02  truncated
  /var/log/a.log      unknown  2025-11-21 10:30:00  deleted
  99999 bytes in all
)"));
  EXPECT_THAT(to_text(Status{}), HasSubstr("\nLosses\n  none\n"));
}

TEST(Status, ShowsHowManyMessagesOfATargetAreHeld) {
  Status status;
  status.targets.emplace_back();
  status.targets[0].name = "ops";
  status.targets[0].queue = 3;
  status.targets[0].held = 2;
  EXPECT_THAT(to_json(status), HasSubstr(R"("held":2,)"));
  EXPECT_THAT(to_text(status), HasSubstr(R"(
  TARGET  STATE  QUEUE  HELD  QUOTA LEFT  DELIVERED
  ops     ok     3      2     0           0
)"));
}

// Whoever may name a log file or answer for a robot could else write to the operator's terminal.
TEST(Status, ShowsPeopleNoControlCharacters) {
  const std::string steering = "a\x1b]0;b\x07\ncritical\xe2\x80\xae";
  Status status = with_losses();
  status.reload_error = "2026-11-21 10:31:02\na.toml:1:1: error: " + steering + "\n";
  status.files.resize(1);
  status.files[0].path = status.files[0].reason = steering;
  status.rules = {{steering, steering, 1, 1}};
  status.targets.resize(1);
  status.targets[0].name = steering;
  status.targets[0].last_error = {.errcode = 1, .errmsg = steering, .remedy = steering, .at = {}};
  status.losses[0].path = status.losses[0].reason = steering;
  const auto text = to_text(status);
  EXPECT_THAT(text, HasSubstr("10:31:02\na.toml:1:1: error: a\\x1b]0;b\\x07\n")) << "a line an error";
  EXPECT_THAT(text, HasSubstr("\nTargets\n"));
  EXPECT_THAT(text, HasSubstr("  a\\x1b]0;b\\x07 critical\\u202e"));
  EXPECT_THAT(text, Not(AnyOf(HasSubstr("\x1b"), HasSubstr("\x07"), HasSubstr("\xe2\x80\xae"))));
}

}  // namespace
}  // namespace dingtail::observe
