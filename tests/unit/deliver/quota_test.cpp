#include "deliver/quota.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace dingtail::deliver {
namespace {

using std::chrono::seconds;
constexpr base::Mono kStart{seconds(1000)};

TEST(Quota, FreesASlotSixtySecondsAfterTheAnswerNotAfterTheSending) {
  Quota quota(1);
  quota.sent();
  EXPECT_EQ(quota.free_at(kStart + seconds(90)), base::Mono::max());
  quota.answered(kStart + seconds(90));
  EXPECT_EQ(quota.free_at(kStart + seconds(100)), kStart + seconds(150));
  EXPECT_EQ(quota.free_at(kStart + seconds(150)), kStart + seconds(150));
}

TEST(Quota, GivesBackTheSlotOfAMessageThatWasNotSent) {
  Quota quota(1);
  quota.sent();
  quota.not_sent();
  EXPECT_EQ(quota.free_at(kStart), kStart);
  EXPECT_EQ(quota.used(kStart), 0U);
}

TEST(Quota, RemembersMessagesOfBeforeARestart) {
  Quota quota(2);
  quota.restore(kStart - seconds(10));
  quota.restore(kStart - seconds(40));
  EXPECT_EQ(quota.free_at(kStart), kStart + seconds(20));
  EXPECT_EQ(quota.left(kStart + seconds(20)), 1U);
  EXPECT_EQ(quota.used(kStart + seconds(50)), 0U);
}

TEST(Quota, CountsWhatIsOnItsWayBesidesWhatWasAnswered) {
  Quota quota(3);
  quota.restore(kStart);
  quota.restore(kStart + seconds(1));
  quota.sent();
  EXPECT_EQ(quota.used(kStart + seconds(2)), 3U);
  EXPECT_EQ(quota.free_at(kStart + seconds(2)), kStart + seconds(60));
}

TEST(Quota, WaitsForSeveralSlotsAfterItWasLowered) {
  Quota quota(3);
  for (const int at : {0, 1, 2}) {
    quota.sent();
    quota.answered(kStart + seconds(at));
  }
  quota.set_per_minute(1);
  EXPECT_EQ(quota.left(kStart + seconds(3)), 0U);
  EXPECT_EQ(quota.free_at(kStart + seconds(3)), kStart + seconds(62));
}

// What a robot sees: each message at some moment between its sending and its answer. No window of 60 s may
// hold more than `per_minute` of these moments.
TEST(Quota, NeverLetsARobotSeeMoreThanPerMinuteInAnySixtySeconds) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto up_to = [&](std::int64_t most) {
    return base::Millis(std::uniform_int_distribution<std::int64_t>(0, most)(random));
  };
  for (int round = 0; round < 200; ++round) {
    const auto per_minute = static_cast<std::uint32_t>(1 + up_to(19).count());
    const auto slowest = up_to(1).count() == 0 ? 50 : 10'000;
    Quota quota(per_minute);
    std::vector<base::Mono> seen;
    auto now = kStart;
    for (int message = 0; message < 200; ++message) {
      if (up_to(9).count() == 0) now += up_to(30'000);
      now = quota.free_at(now);
      quota.sent();
      const auto took = up_to(slowest);
      seen.push_back(now + up_to(took.count()));
      now += took;
      quota.answered(now);
    }
    std::sort(seen.begin(), seen.end());
    for (std::size_t i = per_minute; i < seen.size(); ++i)
      ASSERT_GE(seen[i] - seen[i - per_minute], seconds(60)) << "round " << round << " message " << i;
  }
}

}  // namespace
}  // namespace dingtail::deliver
