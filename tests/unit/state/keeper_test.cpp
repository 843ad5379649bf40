#include "state/keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/faulty_vfs.h"
#include "support/temp_dir.h"
#include "unit/state/states.h"

namespace dingtail::state {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Call = test::FaultyVfs::Call;

constexpr auto kNow = base::Wall{base::Millis{1'795'230'000'000}};

class KeeperTest : public testing::Test {
 protected:
  base::Result<Keeper::Started> try_start() { return Keeper::start(state, machine, kNow); }
  Keeper::Started start() {
    auto started = try_start();
    EXPECT_TRUE(started) << started.error().what;
    return std::move(*started);
  }
  // A state that has the first N numbered cuts.
  void make(std::uint64_t cuts) {
    auto keeper = start().keeper;
    for (std::uint64_t n = 1; n <= cuts; ++n) keeper.commit(numbered_cut(n));
    EXPECT_EQ(keeper.outcome().kept, Kept::kDurable);
  }
  std::optional<std::uint64_t> kept() { return number_of(start().saved); }

  test::TempDir dir;
  test::FaultyVfs disk;
  std::string state = dir / "state";
  std::string machine = "m";
};

TEST_F(KeeperTest, AStartGoesOnFromTheLastCut) {
  make(3);
  const auto started = start();
  EXPECT_EQ(number_of(started.saved), 3U);
  EXPECT_FALSE(started.saved.files.lost);
}

TEST_F(KeeperTest, AFullDiskIsLivedThroughInMemoryAndHealsWhole) {
  make(1);
  {
    auto keeper = start().keeper;
    disk.fail(Call::kWrite, SQLITE_FULL);
    for (std::uint64_t n = 2; n <= 9; ++n) {
      keeper.commit(numbered_cut(n));
      const auto outcome = keeper.outcome();
      EXPECT_EQ(outcome.kept, Kept::kInMemory);
      EXPECT_THAT(outcome.why, HasSubstr("full"));
    }
    keeper.retry();
    EXPECT_EQ(keeper.outcome().kept, Kept::kInMemory);
    EXPECT_GT(disk.failures(), 0);
    disk.heal();
    keeper.retry();
    EXPECT_EQ(keeper.outcome().kept, Kept::kDurable);
    keeper.commit(numbered_cut(10));
  }
  EXPECT_EQ(kept(), 10U);
}

TEST_F(KeeperTest, TheBallastIsGivenForTheCutThatFindsTheDiskFullAndTakenAgainLater) {
  make(1);
  {
    auto keeper = start().keeper;
    ASSERT_TRUE(std::filesystem::exists(state + "/ballast"));
    disk.fail(Call::kWrite, SQLITE_FULL, 0, 1);  // with the ballast gone there is room
    disk.on_change = [&] { EXPECT_FALSE(std::filesystem::exists(state + "/ballast")); };
    keeper.commit(numbered_cut(2));
    disk.on_change = nullptr;
    EXPECT_EQ(keeper.outcome().kept, Kept::kDurable);
    EXPECT_EQ(disk.failures(), 1);
    EXPECT_TRUE(std::filesystem::exists(state + "/ballast"));
  }
  EXPECT_EQ(kept(), 2U);
}

// Every write of some cuts fails once, by any error but an fsync's: no cut is lost, and none after it.
TEST_F(KeeperTest, AnyOneFailedWriteIsMadeGood) {
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_READONLY}) {
    bool happened = true;
    for (int spared = 0; happened; ++spared) {
      state = dir / (std::to_string(code) + "-" + std::to_string(spared));
      make(1);
      {
        auto keeper = start().keeper;
        const int before = disk.failures();
        disk.fail(Call::kWrite, code, spared, 2);  // the second one finds no ballast any more
        for (std::uint64_t n = 2; n <= 4; ++n) keeper.commit(numbered_cut(n));
        happened = disk.failures() > before;
        disk.heal();
        keeper.retry();
        EXPECT_EQ(keeper.outcome().kept, Kept::kDurable);
      }
      ASSERT_EQ(kept(), 4U) << "error " << code << " after " << spared << " writes";
    }
  }
}

// And every fsync: nothing is written after it, and the next start has all cuts that were answered.
TEST_F(KeeperTest, AnyOneFailedFsyncEndsItAndTheNextStartIsClean) {
  bool happened = true;
  int ended = 0;
  for (int spared = 0; happened; ++spared) {
    state = dir / std::to_string(spared);
    make(1);
    std::uint64_t answered = 1;
    {
      auto keeper = start().keeper;
      const int before = disk.failures();
      disk.fail(Call::kSync, SQLITE_IOERR_FSYNC, spared, 1);
      for (std::uint64_t n = 2; n <= 40; ++n) {
        keeper.commit(numbered_cut(n));
        if (keeper.outcome().kept == Kept::kDurable) answered = n;
      }
      keeper.tidy();
      happened = disk.failures() > before;
      EXPECT_EQ(keeper.outcome().kept, happened ? Kept::kBroken : Kept::kDurable);
      ended += happened ? 1 : 0;
      const int writes = disk.calls(Call::kWrite);
      keeper.commit(numbered_cut(41));
      keeper.retry();
      keeper.tidy();
      EXPECT_TRUE(!happened || disk.calls(Call::kWrite) == writes);
    }
    const auto saved = start().saved;
    EXPECT_FALSE(saved.files.lost);
    ASSERT_THAT(number_of(saved), testing::Optional(AnyOf(answered, answered + 1))) << spared << " fsyncs";
  }
  EXPECT_GT(ended, 40) << "those of checkpoints too";
}

TEST_F(KeeperTest, AFirstStartOnAFullDiskRunsFromMemoryAndHeals) {
  for (const int code : {SQLITE_FULL, SQLITE_READONLY, SQLITE_CANTOPEN}) {
    state = dir / std::to_string(code);
    const auto call = code == SQLITE_CANTOPEN ? Call::kOpen : Call::kWrite;
    {
      disk.fail(call, code);
      auto started = start();
      EXPECT_EQ(started.keeper.outcome().kept, Kept::kInMemory);
      EXPECT_EQ(number_of(started.saved), 0U);
      EXPECT_FALSE(started.saved.files.lost);
      started.keeper.retry();
      EXPECT_EQ(started.keeper.outcome().kept, Kept::kInMemory);
      for (std::uint64_t n = 1; n <= 3; ++n) started.keeper.commit(numbered_cut(n));
      disk.heal();
      started.keeper.retry();
      EXPECT_EQ(started.keeper.outcome().kept, Kept::kDurable) << code;
    }
    EXPECT_EQ(kept(), 3U);
  }
  EXPECT_GT(disk.failures(), 0);
}

TEST_F(KeeperTest, AStateThatCannotBeOpenedForWritingIsReadAndGoneOnFrom) {
  make(2);
  {
    disk.fail(Call::kOpen, SQLITE_CANTOPEN, 0, 1);
    auto started = start();
    EXPECT_EQ(started.keeper.outcome().kept, Kept::kInMemory);
    EXPECT_EQ(number_of(started.saved), 2U);
    started.keeper.retry();
    EXPECT_EQ(started.keeper.outcome().kept, Kept::kDurable);
    started.keeper.commit(numbered_cut(3));
  }
  EXPECT_EQ(disk.failures(), 1);
  EXPECT_EQ(kept(), 3U);
}

TEST_F(KeeperTest, AStateThatIsThereAndCannotBeHadIsNoFirstStart) {
  make(2);
  disk.fail(Call::kOpen, SQLITE_CANTOPEN);
  EXPECT_FALSE(try_start());
  disk.heal();
  EXPECT_EQ(kept(), 2U);
}

TEST_F(KeeperTest, AStateThatComesToLightLaterIsNotWrittenOver) {
  make(2);
  const auto away = dir / "away";
  std::filesystem::rename(state, away);
  {
    disk.fail(Call::kOpen, SQLITE_CANTOPEN);
    auto keeper = start().keeper;
    keeper.commit(numbered_cut(1));
    EXPECT_EQ(keeper.outcome().kept, Kept::kInMemory);
    for (const auto& entry : std::filesystem::directory_iterator(away))
      std::filesystem::rename(entry, std::filesystem::path(state) / entry.path().filename());
    disk.heal();
    keeper.retry();
    const auto outcome = keeper.outcome();
    EXPECT_EQ(outcome.kept, Kept::kBroken);
    EXPECT_THAT(outcome.why, HasSubstr("is not the one this run began from"));
  }
  EXPECT_EQ(kept(), 2U);
}

TEST_F(KeeperTest, FilesDeletedUnderItAreMadeAgainWhole) {
  const std::vector<std::vector<std::string>> deletions = {
      {"state.db", "state.db-wal", "ballast"}, {"state.db"}, {"state.db-wal"}};
  for (const auto& deleted : deletions) {
    make(2);
    {
      auto keeper = start().keeper;
      keeper.commit(numbered_cut(3));
      for (const auto& name : deleted) ASSERT_TRUE(std::filesystem::remove(state + "/" + name)) << name;
      keeper.commit(numbered_cut(4));
      const auto outcome = keeper.outcome();
      EXPECT_EQ(outcome.kept, Kept::kDurable) << outcome.why;
      ASSERT_THAT(outcome.told, SizeIs(1));
      EXPECT_EQ(outcome.told[0].event, base::Event::kStateFailed);
      EXPECT_THAT(*outcome.told[0].detail, HasSubstr("deleted"));
      keeper.commit(numbered_cut(5));
      EXPECT_THAT(keeper.outcome().told, IsEmpty());
    }
    EXPECT_EQ(kept(), 5U) << deleted[0];
    std::filesystem::remove_all(state);
  }
}

TEST_F(KeeperTest, FilesDeletedWhileNothingIsCommittedAreMadeAgainWhenItIsTidied) {
  make(1);
  {
    auto keeper = start().keeper;
    for (const auto* name : {"state.db", "state.db-wal"}) std::filesystem::remove(state + "/" + name);
    keeper.tidy();
    EXPECT_EQ(keeper.outcome().kept, Kept::kDurable);
  }
  EXPECT_EQ(kept(), 1U);
}

TEST_F(KeeperTest, WithoutItsDirectoryItIsKeptInMemoryUntilThereIsOneAgain) {
  make(1);
  {
    auto keeper = start().keeper;
    std::filesystem::remove_all(state);
    keeper.commit(numbered_cut(2));
    EXPECT_EQ(keeper.outcome().kept, Kept::kInMemory);
    std::filesystem::create_directory(state);
    std::filesystem::permissions(state, std::filesystem::perms::owner_all);
    keeper.retry();
    EXPECT_EQ(keeper.outcome().kept, Kept::kDurable);
  }
  EXPECT_EQ(kept(), 2U);
}

TEST_F(KeeperTest, AStatePutInItsPlaceIsNotWrittenOver) {
  make(1);
  std::filesystem::copy(state + "/state.db", dir / "other");
  {
    auto keeper = start().keeper;
    keeper.commit(numbered_cut(2));
    std::filesystem::remove(state + "/state.db-wal");
    std::filesystem::rename(dir / "other", state + "/state.db");
    keeper.commit(numbered_cut(3));
    const auto outcome = keeper.outcome();
    EXPECT_EQ(outcome.kept, Kept::kBroken);
    EXPECT_THAT(outcome.why, HasSubstr("is another file than the one in use"));
  }
  EXPECT_NE(kept(), 3U);
}

TEST_F(KeeperTest, ACorruptStateIsSetAsideAndTold) {
  make(2);
  const std::string garbage(5000, '\0');
  dir.write("state/state.db", garbage);
  auto started = start();
  const auto outcome = started.keeper.outcome();
  EXPECT_EQ(outcome.kept, Kept::kDurable);
  ASSERT_THAT(outcome.told, SizeIs(1));
  EXPECT_EQ(outcome.told[0].event, base::Event::kStateCorrupt);
  EXPECT_TRUE(started.saved.files.lost);
  const auto aside = names_in(state, "state.db.corrupt-");
  ASSERT_FALSE(aside.empty());
  EXPECT_EQ(bytes_of(state + "/" + aside[0]), garbage);
  ASSERT_THAT(started.saved.losses, SizeIs(1));
  EXPECT_THAT(started.saved.losses[0].reason, HasSubstr(aside[0]));
  EXPECT_EQ(started.saved.losses[0].at, kNow);
  EXPECT_EQ(started.saved.untold, started.saved.losses);
}

TEST_F(KeeperTest, TheLossOfACorruptStateIsInTheLedgerOfTheNextStartAndTheStateIsNoLongerLost) {
  make(2);
  dir.write("state/state.db", "");
  const auto losses = start().saved.losses;
  ASSERT_THAT(losses, SizeIs(1));
  const auto next = start().saved;
  EXPECT_EQ(next.losses, losses);
  EXPECT_EQ(next.untold, losses) << "until a cut says that it is told";
  EXPECT_FALSE(next.files.lost);
  EXPECT_THAT(names_in(state, "state.db.corrupt-"), testing::Not(IsEmpty()));
}

TEST_F(KeeperTest, ACorruptStateThatCannotBeSetAsideYetIsSoLater) {
  make(2);
  dir.write("state/state.db", "garbage");
  {
    disk.fail(Call::kOpen, SQLITE_CANTOPEN, 0, 1);
    auto started = start();
    EXPECT_EQ(disk.failures(), 1);
    EXPECT_TRUE(started.saved.files.lost);
    EXPECT_THAT(started.keeper.outcome().told, SizeIs(1));
    EXPECT_THAT(names_in(state, "state.db.corrupt-"), IsEmpty());
    started.keeper.commit(numbered_cut(1));
    started.keeper.retry();
    EXPECT_EQ(started.keeper.outcome().kept, Kept::kDurable);
  }
  EXPECT_EQ(kept(), 1U);
  EXPECT_THAT(names_in(state, "state.db.corrupt-"), testing::Not(IsEmpty()));
}

TEST_F(KeeperTest, AReadThatFailsOnceIsNoDamage) {
  make(2);
  for (int spared = 0; spared < 5; ++spared) {
    disk.fail(Call::kRead, SQLITE_IOERR_READ, spared, 1);
    EXPECT_EQ(kept(), 2U);
    EXPECT_EQ(disk.failures(), spared + 1);
  }
  EXPECT_THAT(names_in(state, "state.db.corrupt-"), IsEmpty());
}

TEST_F(KeeperTest, AnotherMachinesStateIsSetAsideAndNothingOfItIsGoneOnWith) {
  make(2);
  machine = "clone";
  {
    auto started = start();
    const auto outcome = started.keeper.outcome();
    ASSERT_THAT(outcome.told, SizeIs(1));
    EXPECT_EQ(outcome.told[0].event, base::Event::kStateForeign);
    EXPECT_EQ(number_of(started.saved), 0U);
    EXPECT_FALSE(started.saved.files.lost);
    EXPECT_THAT(names_in(state, "state.db.foreign-"), testing::Not(IsEmpty()));
    started.keeper.commit(numbered_cut(1));
  }
  EXPECT_EQ(kept(), 1U);
  machine = "";
  EXPECT_EQ(kept(), 1U) << "a host without an id";
}

TEST_F(KeeperTest, TidiedItIsNotWrittenAnyMore) {
  auto keeper = start().keeper;
  keeper.commit(numbered_cut(1));
  keeper.tidy();
  const int writes = disk.calls(Call::kWrite);
  const int syncs = disk.calls(Call::kSync);
  keeper.tidy();
  EXPECT_EQ(disk.calls(Call::kWrite), writes);
  EXPECT_EQ(disk.calls(Call::kSync), syncs);
}

}  // namespace
}  // namespace dingtail::state
