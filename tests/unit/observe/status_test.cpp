#include "observe/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace dingtail::observe {
namespace {

using testing::HasSubstr;

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

}  // namespace
}  // namespace dingtail::observe
