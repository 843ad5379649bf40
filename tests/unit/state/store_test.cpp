#include "state/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "support/log_lines.h"
#include "support/temp_dir.h"

namespace dingtail::state {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

alert::AlertState an_alert() {
  alert::AlertState state;
  state.rule = "r";
  state.matching_hash = "abc";
  state.group = {"a", "", "告警\x1f"};
  state.pending = {{base::from_unix_ms(5), "rec\"ord"}, {base::from_unix_ms(6), ""}};
  state.id = "id";
  state.count = 3;
  state.total = 1ULL << 40;
  state.first = base::from_unix_ms(1);
  state.last = base::from_unix_ms(2);
  state.since = base::from_unix_ms(-3);
  state.samples = {{"one\ntwo", 2}};
  state.last_hit.source = "s";
  state.last_hit.path = "/p";
  state.last_hit.record = "rec";
  state.last_hit.fields = {{"k", "v"}};
  state.messages = 4;
  state.interval = base::Millis{60'000};
  state.message_due = base::from_unix_ms(7);
  state.quiet_until = base::from_unix_ms(8);
  return state;
}

deliver::Row a_row(std::uint64_t id, deliver::RowState state) {
  deliver::Row row;
  row.id = id;
  row.uuid = "u" + std::to_string(id);
  row.target = "ops";
  row.body = "{\"a\":\"告警\"}";
  row.state = state;
  row.attempts = 2;
  row.created = base::from_unix_ms(10);
  row.not_before = base::from_unix_ms(11);
  row.answered = base::from_unix_ms(12);
  return row;
}

class StoreTest : public testing::Test {
 protected:
  Database open() {
    auto database = Database::open(dir / "state");
    EXPECT_TRUE(database) << database.error().what;
    return std::move(*database);
  }

  test::TempDir dir;
};

TEST_F(StoreTest, WhatOneCutHoldsIsWhatAStartReads) {
  Cut cut;
  cut.files.changed = {{{1, 2, 3}, "/a", "s", 1ULL << 40, tail::Life::kRotated, {~0ULL, 1024}, {7, 256}}};
  cut.files.patterns = {"s\x1f/a"};
  cut.alerts.changed = {an_alert()};
  cut.outbox.changed = {a_row(1, deliver::RowState::kSending), a_row(2, deliver::RowState::kHeld)};
  ASSERT_TRUE(open().write(cut));
  const auto saved = open().load();
  ASSERT_TRUE(saved);
  ASSERT_EQ(saved->files.files.size(), 1U);
  EXPECT_EQ(saved->files.files[0].position, 1ULL << 40);
  EXPECT_EQ(saved->files.files[0].life, tail::Life::kRotated);
  EXPECT_EQ(saved->files.files[0].id, (tail::FileId{1, 2, 3}));
  EXPECT_EQ(saved->files.files[0].head, (tail::Mark{~0ULL, 1024}));
  EXPECT_EQ(saved->files.files[0].tail, (tail::Mark{7, 256}));
  EXPECT_THAT(saved->files.patterns, ElementsAre("s\x1f/a"));
  EXPECT_THAT(saved->outbox, ElementsAre(cut.outbox.changed[0], cut.outbox.changed[1]));
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

TEST_F(StoreTest, ErasedRowsAreGoneAndAnIdThatComesBackInTheSameCutStays) {
  auto database = open();
  Cut cut;
  cut.files.changed = {{{1, 2, 3}, "/a", "s", 5, tail::Life::kLive}};
  cut.alerts.changed = {an_alert()};
  cut.outbox.changed = {a_row(1, deliver::RowState::kPending)};
  ASSERT_TRUE(database.write(cut));
  Cut next;
  next.files.erased = {{1, 2, 3}};
  next.files.changed = {{{1, 2, 3}, "/b", "s", 0, tail::Life::kLive}};
  next.alerts.erased = {{"r", an_alert().group}};
  next.outbox.erased = {1};
  ASSERT_TRUE(database.write(next));
  const auto saved = database.load();
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->files.files.at(0).path, "/b");
  EXPECT_THAT(saved->alerts, IsEmpty());
  EXPECT_THAT(saved->outbox, IsEmpty());
}

TEST_F(StoreTest, ASecondAgentOnTheDirectoryIsRefused) {
  const auto first = open();
  const auto second = Database::open(dir / "state");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::Code::kBusy);
}

TEST_F(StoreTest, ANewerSchemaIsRefusedAndLeftAlone) {
  { const auto made = open(); }
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open((dir / "state/state.db").c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "PRAGMA user_version = 99", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  const auto refused = Database::open(dir / "state");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, testing::HasSubstr("schema is version 99"));
}

TEST_F(StoreTest, CommitsOnAnotherThreadAndAnswersOnTheLoop) {
  test::LogLines lines;
  loop::Loop loop;
  int committed = 0;
  {
    Store store(loop, lines.log(), open(), [&] {
      ++committed;
      loop.stop();
    });
    Cut cut;
    cut.outbox.changed = {a_row(1, deliver::RowState::kPending)};
    store.commit(cut);
    EXPECT_TRUE(store.busy());
    loop.run();
    EXPECT_FALSE(store.busy());
  }
  EXPECT_EQ(committed, 1);
  EXPECT_EQ(open().load()->outbox.size(), 1U);
}

}  // namespace
}  // namespace dingtail::state
