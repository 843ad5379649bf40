#include "base/time.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

namespace dingtail::base {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsEveryUnitAndSums) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("0s"), 0ms);
}

TEST(Duration, RefusesAnythingElse) {
  for (const auto* text :
       {"", "10", "s", "-5s", "5 s", "5sec", "1.5h", "5m!", "99999999999999999999s", "106751991168d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, PrintsTheShortestExactForm) {
  EXPECT_EQ(print_duration(0ms), "0s");
  EXPECT_EQ(print_duration(90s), "1m30s");
  EXPECT_EQ(print_duration(48h), "2d");
  EXPECT_EQ(print_duration(1500ms), "1s500ms");
}

TEST(Wall, IsPrintedInTheProcessesZone) {
  ::setenv("TZ", "Asia/Shanghai", 1);
  ::tzset();
  const auto at = from_unix_ms(1'763'692'262'123);  // 2025-11-21T02:31:02.123Z
  EXPECT_EQ(print_clock(at), "10:31:02");
  EXPECT_EQ(print_date_time(at), "2025-11-21 10:31:02");
  EXPECT_EQ(print_zone(at), "+08:00");
  EXPECT_EQ(print_rfc3339(at), "2025-11-21T10:31:02.123+08:00");
  ::unsetenv("TZ");
  ::tzset();
}

}  // namespace
}  // namespace dingtail::base
