// A state that was damaged in every way: a start never fails, and goes on from a cut that was made or sets
// the state aside and says so. DAMAGE_SEEDS sets how many random damages there are.
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

constexpr std::uint64_t kCuts = 12;
constexpr std::uint64_t kTidied = 6;
constexpr std::size_t kPage = 4096;

struct Files {
  std::string database;
  std::string log;
};

class Damage : public testing::Test {
 protected:
  // Half of the cuts are in the database, the others in its log, as a kill leaves it.
  Damage() {
    auto keeper = std::move(Keeper::start(dir / "made", "m", {}).value().keeper);
    for (std::uint64_t n = 1; n <= kCuts; ++n) {
      keeper.commit(numbered_cut(n));
      if (n == kTidied) keeper.tidy();
    }
    whole = {bytes_of(dir / "made/state.db"), bytes_of(dir / "made/state.db-wal")};
  }

  // What a start makes of it: the number of the cut it goes on from; nothing: the state was set aside.
  std::optional<std::uint64_t> outcome_of(const Files& files, const std::string& what) {
    SCOPED_TRACE(what);
    const auto state = dir / "state";
    std::filesystem::remove_all(state);
    dir.write("state/state.db", files.database);
    if (!files.log.empty()) dir.write("state/state.db-wal", files.log);
    auto started = Keeper::start(state, "m", base::from_unix_ms(5));
    if (!started) {
      ADD_FAILURE() << started.error().what;
      return std::nullopt;
    }
    EXPECT_EQ(started->keeper.outcome().kept, Kept::kDurable);
    const auto aside = names_in(state, "state.db.corrupt-");
    EXPECT_EQ(started->saved.files.lost, !aside.empty());
    EXPECT_EQ(started->saved.losses.size(), aside.empty() ? 0U : 1U);
    started->keeper.commit(numbered_cut(1));
    const auto outcome = started->keeper.outcome();
    EXPECT_EQ(outcome.kept, Kept::kDurable) << outcome.why;
    if (aside.empty()) return number_of(started->saved).value_or(0);
    EXPECT_EQ(bytes_of(state + "/" + aside[0]), files.database) << "kept as it was found";
    return std::nullopt;
  }

  test::TempDir dir;
  test::FaultyVfs disk;  // no fsyncs: they take long
  Files whole;
};

TEST_F(Damage, WithoutAnyAllCutsAreThere) {
  EXPECT_GT(whole.log.size(), kPage);
  EXPECT_EQ(outcome_of(whole, "whole"), kCuts);
}

TEST_F(Damage, EachPageOverwrittenOrCutOff) {
  const auto pages = whole.database.size() / kPage;
  ASSERT_GT(pages, 5U);
  int aside = 0;
  for (std::size_t page = 0; page < pages; ++page) {
    const auto name = "page " + std::to_string(page);
    for (const char fill : {'\0', '\xFF', 'a'}) {
      auto files = whole;
      files.database.replace(page * kPage, kPage, std::string(kPage, fill));
      aside += outcome_of(files, name + " overwritten") ? 0 : 1;
      files.log.clear();  // which has newer versions of most pages
      aside += outcome_of(files, name + " overwritten, without the log") ? 0 : 1;
    }
    aside += outcome_of({whole.database.substr(0, page * kPage + 100), {}}, name + " cut off") ? 0 : 1;
  }
  EXPECT_GT(aside, static_cast<int>(pages)) << "most of it is noticed";
}

TEST_F(Damage, EachByteOfItsHeadDamaged) {
  constexpr std::size_t kHead = 100;
  for (std::size_t at = 0; at < kHead; ++at) {
    auto files = whole;
    files.database[at] = static_cast<char>(files.database[at] ^ 0x40);
    outcome_of(files, "byte " + std::to_string(at));
    files.log.clear();
    outcome_of(files, "byte " + std::to_string(at) + ", without the log");
  }
}

TEST_F(Damage, AnEmptyOrZeroedDatabaseIsSetAside) {
  EXPECT_EQ(outcome_of({"", whole.log}, "empty"), std::nullopt);
  EXPECT_EQ(outcome_of({"", ""}, "empty, without a log"), std::nullopt);
  EXPECT_EQ(outcome_of({std::string(whole.database.size(), '\0'), whole.log}, "zeroed"), std::nullopt);
  EXPECT_EQ(outcome_of({std::string(whole.database.size(), '\0'), ""}, "zeroed, no log"), std::nullopt);
}

TEST_F(Damage, ALogWithoutItsDatabaseIsSetAside) {
  dir.write("state/state.db-wal", whole.log);
  const auto started = Keeper::start(dir / "state", "m", {});
  ASSERT_TRUE(started);
  EXPECT_TRUE(started->saved.files.lost);
  EXPECT_THAT(names_in(dir / "state", "state.db.corrupt-"), testing::SizeIs(1));
}

TEST_F(Damage, WithoutItsLogOrWithGarbageForOneAnEarlierCutIsGoneOnFrom) {
  EXPECT_EQ(outcome_of({whole.database, ""}, "no log"), kTidied);
  EXPECT_EQ(outcome_of({whole.database, std::string(20'000, 'x')}, "garbage"), kTidied);
  EXPECT_EQ(outcome_of({whole.database, std::string(20'000, '\0')}, "zeros"), kTidied);
  for (std::size_t size = 1; size < whole.log.size(); size += 1000) {
    const auto cut =
        outcome_of({whole.database, whole.log.substr(0, size)}, "log of " + std::to_string(size));
    EXPECT_THAT(cut, testing::Optional(testing::AllOf(testing::Ge(kTidied), testing::Le(kCuts))));
  }
}

TEST_F(Damage, RowsThatNoAgentWroteAreDamageToo) {
  for (const char* change :
       {"UPDATE alert SET data = '{'", "UPDATE alert SET data = '[]'", "UPDATE message SET state = 'pendinh'",
        "UPDATE alert SET grp = '7'", "DROP TABLE pattern", "ALTER TABLE file DROP COLUMN position",
        "ALTER TABLE message ADD COLUMN more", "CREATE INDEX i ON message (uuid)"}) {
    const auto file = dir.write("db", whole.database);
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &raw), SQLITE_OK);
    const auto alone = "PRAGMA locking_mode = EXCLUSIVE;" + std::string(change);
    ASSERT_EQ(sqlite3_exec(raw, alone.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(raw);
    ASSERT_GT(sqlite3_total_changes(raw) + (std::string_view(change).starts_with("UPDATE") ? 0 : 1), 0);
    sqlite3_close(raw);
    EXPECT_EQ(outcome_of({bytes_of(file), ""}, change), std::nullopt);
  }
}

TEST_F(Damage, RandomBytesOfEither) {
  const char* seeds = std::getenv("DAMAGE_SEEDS");
  const int count = seeds == nullptr ? 300 : std::atoi(seeds);
  int aside = 0;
  for (int seed = 0; seed < count; ++seed) {
    std::mt19937 random(static_cast<std::uint32_t>(seed));
    auto files = whole;
    if (random() % 2 == 0) files.log.clear();
    auto& target = !files.log.empty() && random() % 2 == 0 ? files.log : files.database;
    for (auto flips = 1 + random() % 20; flips > 0; --flips) {
      auto& byte = target[random() % target.size()];
      byte = static_cast<char>(byte ^ (1U << random() % 8));
    }
    aside += outcome_of(files, "seed " + std::to_string(seed)) ? 0 : 1;
  }
  EXPECT_GT(aside, 0);
}

}  // namespace
}  // namespace dingtail::state
