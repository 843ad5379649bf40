#include "state/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/faulty_vfs.h"
#include "support/log_lines.h"
#include "support/temp_dir.h"
#include "unit/state/states.h"

namespace dingtail::state {
namespace {

using std::chrono::hours;
using Call = test::FaultyVfs::Call;

class StoreTest : public testing::Test {
 protected:
  Keeper::Started start() {
    auto started = Keeper::start(dir / "state", "m", base::from_unix_ms(1));
    EXPECT_TRUE(started) << started.error().what;
    return std::move(*started);
  }
  std::optional<std::uint64_t> kept() { return number_of(start().saved); }

  test::TempDir dir;
  test::FaultyVfs disk;
  test::LogLines lines;
  loop::Loop loop;
};

TEST_F(StoreTest, CommitsOnAnotherThreadAndAnswersOnTheLoop) {
  int committed = 0;
  {
    Store store(loop, lines.log(), start().keeper,
                {[&] {
                   ++committed;
                   loop.stop();
                 },
                 [] { FAIL(); }});
    store.commit(numbered_cut(1));
    EXPECT_TRUE(store.busy());
    loop.run();
    EXPECT_FALSE(store.busy());
    EXPECT_TRUE(store.durable());
  }
  EXPECT_EQ(committed, 1);
  EXPECT_EQ(kept(), 1U);
}

TEST_F(StoreTest, WhileItCannotBeWrittenCommitsAreAnsweredFromMemoryAndNothingIsLeftOutWhenItCan) {
  constexpr std::uint64_t kCuts = 5;
  {
    std::uint64_t cuts = 1;
    Store* running = nullptr;
    const auto next = [&] {
      if (cuts == kCuts) disk.heal();
      if (cuts < kCuts) running->commit(numbered_cut(++cuts));
    };
    Store store(loop, lines.log(), start().keeper, {next, [] { FAIL(); }}, {base::Millis{1}, hours(1)});
    running = &store;
    disk.fail(Call::kWrite, SQLITE_FULL);
    store.commit(numbered_cut(1));
    while (lines.count("state-back") == 0) loop.run_once();
    EXPECT_TRUE(store.durable());
    EXPECT_EQ(cuts, kCuts);
  }
  EXPECT_GT(disk.failures(), 0);
  EXPECT_EQ(lines.count("state-failed"), 1U);
  EXPECT_EQ(kept(), kCuts);
}

TEST_F(StoreTest, WhatIsInMemoryAloneIsTriedOnceMoreAtTheEnd) {
  {
    Store store(loop, lines.log(), start().keeper, {[&] { loop.stop(); }, [] { FAIL(); }},
                {hours(1), hours(1)});
    disk.fail(Call::kWrite, SQLITE_FULL);
    store.commit(numbered_cut(1));
    loop.run();
    EXPECT_FALSE(store.durable());
    disk.heal();
  }
  EXPECT_EQ(kept(), 1U);
}

TEST_F(StoreTest, AFailedFsyncIsToldAndNoCommitIsAnsweredAfterIt) {
  bool broken = false;
  Store store(loop, lines.log(), start().keeper,
              {[] { FAIL(); },
               [&] {
                 broken = true;
                 loop.stop();
               }});
  disk.fail(Call::kSync, SQLITE_IOERR_FSYNC, 0, 1);
  store.commit(numbered_cut(1));
  loop.run();
  EXPECT_EQ(disk.failures(), 1);
  EXPECT_TRUE(broken);
  EXPECT_EQ(lines.count("state-failed"), 1U);
}

TEST_F(StoreTest, ItsLogIsEmptiedOnceWhenNothingIsCommittedAnyMore) {
  const auto log = dir / "state/state.db-wal";
  bool filled = false;
  Store store(loop, lines.log(), start().keeper,
              {[&] { filled = std::filesystem::file_size(log) > 0; }, [] { FAIL(); }},
              {hours(1), base::Millis{1}});
  for (std::uint64_t n = 1; !filled; ++n) {
    store.commit(numbered_cut(n));
    while (store.busy()) loop.run_once();
  }
  while (std::filesystem::file_size(log) > 0) loop.run_once();
}

}  // namespace
}  // namespace dingtail::state
