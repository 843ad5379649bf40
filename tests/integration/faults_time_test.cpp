// F28, F29: clocks that jump, and lines of long ago.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "integration/fault.h"

namespace dingtail::integration {
namespace {

constexpr int kInvalidTimestamp = 310000;

TEST_F(Fault, F28_AClockThatJumpsDaysMovesNoWindowAndStopsNothing) {
  constexpr int kDay = 24 * 3600;
  const auto shift_clock = [&](int seconds) { dir_.write("clock", std::to_string(seconds)); };
  shift_clock(0);
  environment_.insert({{"LD_PRELOAD", SHIFTED_CLOCK_LIBRARY},
                       {"SHIFTED_CLOCK", file("clock")},
                       {"ASAN_OPTIONS", "verify_asan_link_order=0"}});
  use_group({.certificate = {.begins_in_s = -9 * kDay, .ends_in_s = 9 * kDay}});
  follow(
      "\"app.log\"", "",
      line_rule() + rule("window",
                         "match = 'boom'\nlabels = { n = \"1000\" }\nwhen = { count = 3, within = \"10m\" }",
                         "labels.n"));
  start();
  write(1, 5);
  append("boom\n");
  ASSERT_TRUE(wait_until_told(5));
  shift_clock(3 * kDay);
  write(6, 10);
  append("boom\n");
  ASSERT_TRUE(wait_until_told(10));
  shift_clock(-3 * kDay);
  write(11, 15);
  append("boom\n");  // the third within seconds, whatever the clock says
  ASSERT_TRUE(wait_until_told(16));
  write(16, 20);
  ASSERT_TRUE(wait_until_told(21));
  std::map<int, std::uint64_t> expected = {{1000, 3}};
  for (int i = 1; i <= 20; ++i) expected[i] = 1;
  EXPECT_EQ(told(), expected);
  const auto requests = group().requests();
  EXPECT_EQ(std::count_if(requests.begin(), requests.end(),
                          [](const auto& request) { return request.verdict.errcode == kInvalidTimestamp; }),
            2)
      << "each jump was seen by the robot";
}

TEST_F(Fault, F29_AnAccumulatedDayOfHitsIsTheirExactCountInFewMessages) {
  constexpr int kHits = 5000;
  follow("\"app.log\"", "", rule("r", "match = 'boom'"));
  start();
  append("boom\n");
  ASSERT_TRUE(wait_for_hits(1));
  stop();
  append(numbered("boom", kHits));
  const auto before = group().messages().size();
  start();
  ASSERT_TRUE(wait_for_hits(1 + kHits));
  stop();
  EXPECT_EQ(hits_in(group().messages()), 1U + kHits);
  EXPECT_LE(group().messages().size() - before, 5U);
}

}  // namespace
}  // namespace dingtail::integration
