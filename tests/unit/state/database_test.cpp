#include "state/unwritten.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "state/database.h"
#include "support/temp_dir.h"
#include "unit/state/states.h"

namespace dingtail::state {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

Database fresh(const std::string& path) {
  EXPECT_TRUE(Database::make(path));
  auto database = Database::open(path);
  EXPECT_TRUE(database) << database.error().what;
  return std::move(*database);
}

Unwritten only(const Cut& cut) {
  Unwritten out;
  out.add(cut);
  return out;
}

// What rooms may say of few keys: each changed or erased, an erased file or alert perhaps back at once.
Cut random_cut(std::mt19937& random, std::uint64_t n) {
  const auto some = [&] { return random() % 3 == 0; };
  Cut cut;
  cut.at = base::from_unix_ms(static_cast<std::int64_t>(n));
  for (std::uint64_t key = 1; key <= 4; ++key) {
    if (some()) cut.files.erased.push_back(a_file(key, 0).id);
    if (some()) cut.files.changed.push_back(a_file(key, n));
    auto alert = an_alert();
    alert.group = {std::to_string(key)};
    alert.total = n;
    if (some()) cut.alerts.erased.push_back({alert.rule, alert.group});
    if (some()) cut.alerts.changed.push_back(alert);
    auto row = a_row(key, deliver::RowState::kHeld);
    row.attempts = static_cast<std::uint32_t>(n);
    if (some())
      cut.outbox.changed.push_back(row);
    else if (some())
      cut.outbox.erased.push_back(key);
    if (some())
      cut.outbox.robots.push_back({std::to_string(key), {}, {{cut.at, static_cast<std::uint32_t>(n)}}});
    if (some())
      cut.console.changed.push_back({key, std::to_string(n)});
    else if (some())
      cut.console.erased.push_back(key);
    if (some()) cut.files.patterns.insert("pattern " + std::to_string(random() % 10));
    if (some())
      cut.files.listed["/d" + std::to_string(key)] = n;
    else if (some())
      cut.files.listed["/d" + std::to_string(key)].reset();
    if (some()) cut.files.losses.push_back({"/p" + std::to_string(key), n, "why", cut.at, some()});
    if (some()) cut.told.insert("/p" + std::to_string(key));
  }
  return cut;
}

std::vector<std::string> digest(const Saved& saved) {
  std::vector<std::string> out;
  for (const auto& file : saved.files.files)
    out.push_back("file " + std::to_string(file.id.inode) + " " + std::to_string(file.position));
  for (const auto& [path, listed] : saved.files.listed) out.push_back(path + " " + std::to_string(listed));
  for (const auto& key : saved.files.patterns) out.push_back(key);
  for (const auto& alert : saved.alerts)
    out.push_back("alert " + alert.group.at(0) + " " + std::to_string(alert.total));
  for (const auto& row : saved.outbox)
    out.push_back("row " + std::to_string(row.id) + " " + std::to_string(row.attempts));
  for (const auto& robot : saved.robots)
    for (const auto& [second, answers] : robot.answered)
      out.push_back("robot " + robot.key + " " + std::to_string(answers));
  for (const auto& loss : saved.losses)
    out.push_back("loss " + loss.path + " " + std::to_string(loss.bytes) + " " +
                  std::to_string(base::unix_ms(loss.at)));
  for (const auto& row : saved.console) out.push_back("console " + std::to_string(row.id) + " " + row.text);
  for (const auto& loss : saved.untold)
    out.push_back("untold " + loss.path + " " + std::to_string(loss.bytes));
  return out;
}

TEST(Unwritten, CutsMergedLeaveWhatCutsWrittenOneByOneLeave) {
  const test::TempDir dir;
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    const auto name = dir / std::to_string(round);
    auto one_by_one = fresh(name + "-a");
    auto at_once = fresh(name + "-b");
    Unwritten merged;
    for (std::uint64_t n = 1; n <= 8; ++n) {
      const auto cut = random_cut(random, n);
      ASSERT_TRUE(one_by_one.write(only(cut), ""));
      merged.add(cut);
    }
    ASSERT_TRUE(at_once.write(merged, ""));
    const auto expected = one_by_one.load();
    ASSERT_FALSE(digest(*expected).empty());
    EXPECT_EQ(digest(*at_once.load()), digest(*expected)) << "round " << round;
    EXPECT_EQ(at_once.load()->cut_at, expected->cut_at);
  }
}

TEST(Database, WhatOneCutHoldsIsWhatAStartReads) {
  const test::TempDir dir;
  Cut cut;
  cut.at = base::from_unix_ms(99);
  cut.files.changed = {a_file(2, 1ULL << 40)};
  cut.files.patterns = {"s\x1f/a"};
  cut.files.listed = {{"/logs", ~0ULL}, {"/more", 5}, {"/deleted", std::nullopt}};
  cut.files.losses = {{"/a", 5, "cut", base::from_unix_ms(3)}};
  cut.alerts.changed = {an_alert()};
  cut.outbox.changed = {a_row(1, deliver::RowState::kSending), a_row(2, deliver::RowState::kHeld)};
  cut.console.changed = {{1, "one\n"}, {3, "三"}};
  cut.outbox.robots = {
      {"a", base::from_unix_ms(7'000), {{base::from_unix_ms(1'000), 2}, {base::from_unix_ms(2'000), 1}}},
      {"b", {}, {}}};
  ASSERT_TRUE(fresh(dir / "db").write(only(cut), "machine"));
  auto again = Database::open(dir / "db");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->machine(), "machine");
  const auto saved = again->load();
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->cut_at, cut.at);
  EXPECT_FALSE(saved->files.lost);
  ASSERT_EQ(saved->files.files.size(), 1U);
  const auto& file = saved->files.files[0];
  const auto written = a_file(2, 1ULL << 40);
  EXPECT_EQ(file.id, written.id);
  EXPECT_EQ(file.path, written.path);
  EXPECT_EQ(file.real, written.real);
  EXPECT_EQ(file.source, written.source);
  EXPECT_EQ(file.position, written.position);
  EXPECT_EQ(file.size, written.size);
  EXPECT_EQ(file.age, written.age);
  EXPECT_EQ(file.life, written.life);
  EXPECT_EQ(file.head, written.head);
  EXPECT_EQ(file.tail, written.tail);
  EXPECT_EQ(saved->files.patterns, cut.files.patterns);
  EXPECT_EQ(saved->files.listed, (tail::Listed{{"/logs", ~0ULL}, {"/more", 5}}));
  EXPECT_EQ(saved->outbox, cut.outbox.changed);
  EXPECT_EQ(saved->console, cut.console.changed);
  ASSERT_EQ(saved->robots.size(), 1U) << "one that says nothing is not kept";
  EXPECT_EQ(saved->robots[0], cut.outbox.robots[0]);
  EXPECT_EQ(saved->losses, cut.files.losses);
  ASSERT_EQ(saved->alerts.size(), 1U);
  const auto& alert = saved->alerts[0];
  const auto expected = an_alert();
  EXPECT_EQ(alert.group, expected.group);
  EXPECT_EQ(alert.pending, expected.pending);
  EXPECT_EQ(alert.total, expected.total);
  EXPECT_EQ(alert.since, expected.since);
  EXPECT_EQ(alert.samples, expected.samples);
  EXPECT_EQ(alert.last_hit.fields, expected.last_hit.fields);
  EXPECT_EQ(alert.interval, expected.interval);
  EXPECT_EQ(alert.quiet_until, expected.quiet_until);
}

TEST(Database, ErasedRowsAreGoneAndAnIdThatComesBackInTheSameCutStays) {
  const test::TempDir dir;
  auto database = fresh(dir / "db");
  Cut cut;
  cut.files.changed = {a_file(2, 5)};
  cut.alerts.changed = {an_alert()};
  cut.outbox.robots = {{"a", base::from_unix_ms(7'000), {{base::from_unix_ms(1'000), 2}}}};
  cut.outbox.changed = {a_row(1, deliver::RowState::kPending)};
  ASSERT_TRUE(database.write(only(cut), ""));
  Cut next;
  next.files.erased = {a_file(2, 5).id};
  next.files.changed = {a_file(2, 0)};
  next.alerts.erased = {{"r", an_alert().group}};
  next.outbox.erased = {1};
  next.outbox.robots = {{"a", {}, {{base::from_unix_ms(3'000), 4}}}};
  ASSERT_TRUE(database.write(only(next), ""));
  const auto saved = database.load();
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->files.files.at(0).position, 0U);
  EXPECT_THAT(saved->alerts, IsEmpty());
  EXPECT_THAT(saved->outbox, IsEmpty());
  EXPECT_THAT(saved->robots, testing::ElementsAre(next.outbox.robots[0]));
}

TEST(Database, ALossIsUntoldUntilALaterCutSaysOtherwise) {
  const test::TempDir dir;
  auto database = fresh(dir / "db");
  const auto at = base::from_unix_ms(3);
  Cut cut;
  cut.files.losses = {
      {"/a", 5, "cut", at}, {"/a", 0, "gone", at}, {"/b", 7, "cut", at}, {"/c", 9, "guess", at, true}};
  ASSERT_TRUE(database.write(only(cut), ""));
  EXPECT_EQ(database.load()->losses.size(), 4U);
  EXPECT_THAT(database.load()->untold,
              UnorderedElementsAre(tail::Loss{"/a", 5, "cut", at}, tail::Loss{"/a", 0, "gone", at},
                                   tail::Loss{"/b", 7, "cut", at}));
  Cut next;
  next.told = {"/a"};
  next.files.losses = {{"/a", 10, "cut", at}, {"/b", 1, "cut", at}};
  ASSERT_TRUE(database.write(only(next), ""));
  EXPECT_THAT(database.load()->losses, testing::Contains(tail::Loss{"/a", 15, "cut", at}));
  EXPECT_THAT(database.load()->untold,
              UnorderedElementsAre(tail::Loss{"/a", 10, "cut", at}, tail::Loss{"/b", 8, "cut", at}));
}

TEST(Database, LossesOfAPathAndReasonAddUpAndTheNewestThousandAreKept) {
  const test::TempDir dir;
  auto database = fresh(dir / "db");
  for (std::int64_t n = 0; n < 1010; ++n) {
    Cut cut;
    cut.files.losses = {{"/p" + std::to_string(n), 1, "gone", base::from_unix_ms(n)},
                        {"/always", 7, "cut", base::from_unix_ms(n)}};
    ASSERT_TRUE(database.write(only(cut), ""));
  }
  const auto losses = database.load()->losses;
  EXPECT_EQ(losses.size(), 1000U);
  EXPECT_THAT(losses, testing::Contains(tail::Loss{"/always", 7070, "cut", base::from_unix_ms(1009)}));
  EXPECT_THAT(losses, testing::Not(testing::Contains(testing::Field(&tail::Loss::path, "/p0"))));
}

TEST(Database, ItsLogStaysSmallUnderManyCuts) {
  const test::TempDir dir;
  auto database = fresh(dir / "db");
  for (std::uint64_t n = 1; n <= 300; ++n) ASSERT_TRUE(database.write(only(numbered_cut(n)), ""));
  EXPECT_GT(std::filesystem::file_size(dir / "db"), 100'000U) << "none was moved to its place";
  EXPECT_LE(std::filesystem::file_size(dir / "db-wal"), 1U << 20);
  ASSERT_TRUE(database.tidy());
  EXPECT_EQ(std::filesystem::file_size(dir / "db-wal"), 0U);
  EXPECT_EQ(number_of(*database.load()), 300U);
}

}  // namespace
}  // namespace dingtail::state
