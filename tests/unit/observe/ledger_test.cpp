#include "observe/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dingtail::observe {
namespace {

using testing::ElementsAre;

base::Wall at(std::int64_t ms) {
  return base::from_unix_ms(ms);
}

TEST(Ledger, AddsLossesOfOnePathAndReasonAndKeepsTheTimeOfTheLast) {
  Ledger ledger;
  ledger.add({"/a", 10, "truncated", at(1)});
  ledger.add({"/a", 5, "truncated", at(3)});
  ledger.add({"/a", 7, "deleted", at(2)});
  ledger.add({"/b", 1, "truncated", at(4)});
  EXPECT_THAT(ledger.newest_first(),
              ElementsAre(tail::Loss{"/b", 1, "truncated", at(4)}, tail::Loss{"/a", 15, "truncated", at(3)},
                          tail::Loss{"/a", 7, "deleted", at(2)}));
  EXPECT_EQ(ledger.total_bytes(), 23U);
}

TEST(Ledger, GoesOnWithWhatTheLastRunLeft) {
  Ledger ledger({{"/a", 10, "truncated", at(9)}});
  ledger.add({"/a", 5, "truncated", at(3)});  // the clock was set back
  EXPECT_THAT(ledger.newest_first(), ElementsAre(tail::Loss{"/a", 15, "truncated", at(9)}));
  EXPECT_EQ(ledger.total_bytes(), 15U);
}

TEST(Ledger, LetsTheOldestGoAndStillCountsThem) {
  Ledger ledger;
  const auto most = static_cast<std::int64_t>(Ledger::kMostEntries);
  for (std::int64_t i = 0; i < most + 2; ++i)
    ledger.add({"/" + std::to_string(most - i), 1, "deleted", at(i)});  // the oldest path sorts last
  const auto losses = ledger.newest_first();
  ASSERT_EQ(losses.size(), Ledger::kMostEntries);
  EXPECT_EQ(losses.front().at, at(most + 1));
  EXPECT_EQ(losses.back().at, at(2));
  EXPECT_EQ(ledger.total_bytes(), Ledger::kMostEntries + 2);
}

}  // namespace
}  // namespace dingtail::observe
