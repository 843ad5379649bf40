// The power fails: of what was written and not synced, chance decides. POWER_CUTS sets how often.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "state/keeper.h"
#include "support/faulty_vfs.h"
#include "support/temp_dir.h"
#include "unit/state/states.h"

namespace dingtail::state {
namespace {

TEST(PowerCut, NoCommittedCutIsLostAndNothingIsCorrupt) {
  const char* asked = std::getenv("POWER_CUTS");
  const int count = asked == nullptr ? 200 : std::atoi(asked);
  const test::TempDir dir;
  test::FaultyVfs disk;
  std::mt19937 random(3);
  int cuts = 0;
  int lost_writes = 0;
  std::uint64_t committed = 0;
  const auto cut = [&] {
    const auto image = dir / "image";
    lost_writes += disk.cut(dir / "state", image, random);
    auto started = Keeper::start(image, "m", {});
    ASSERT_TRUE(started) << started.error().what;
    ASSERT_FALSE(started->saved.files.lost) << "corrupt";
    ASSERT_THAT(number_of(started->saved), testing::Optional(testing::AnyOf(committed, committed + 1)));
    std::filesystem::remove_all(image);
    ++cuts;
  };
  while (cuts < count && !testing::Test::HasFailure()) {
    std::filesystem::remove_all(dir / "state");
    auto keeper = std::move(Keeper::start(dir / "state", "m", {}).value().keeper);
    std::bernoulli_distribution now(0.2);
    bool cutting = false;
    disk.on_change = [&] {
      if (cutting || cuts == count || !now(random)) return;
      cutting = true;  // what a start on the image changes is none of it
      cut();
      cutting = false;
    };
    for (committed = 0; committed < 100 && cuts < count && !testing::Test::HasFailure();) {
      keeper.commit(numbered_cut(committed + 1));
      ASSERT_EQ(keeper.outcome().kept, Kept::kDurable);
      ++committed;
      if (random() % 20 == 0) keeper.tidy();
    }
    disk.on_change = nullptr;
  }
  EXPECT_EQ(cuts, count);
  EXPECT_GT(lost_writes, count);
}

}  // namespace
}  // namespace dingtail::state
