#include "state/upgrade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "state/database.h"
#include "support/temp_dir.h"
#include "unit/state/states.h"

namespace dingtail::state {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Runs SQL on a file by itself; what it answers, a row a line.
std::string sql(const std::string& file, const std::string& statements) {
  sqlite3* raw = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &raw), SQLITE_OK);
  std::string out;
  const auto collect = [](void* to, int columns, char** values, char** /*names*/) {
    for (int i = 0; i < columns; ++i)
      static_cast<std::string*>(to)->append(values[i] == nullptr ? "NULL" : values[i]).append(1, '|');
    static_cast<std::string*>(to)->append(1, '\n');
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(raw, statements.c_str(), collect, &out, nullptr), SQLITE_OK) << sqlite3_errmsg(raw);
  sqlite3_close(raw);
  return out;
}

class Upgrade : public testing::Test {
 protected:
  void golden(const std::string& name) { sql(file, bytes_of(GOLDEN_DIRECTORY "/state/" + name)); }
  std::string columns() {
    return sql(file,
               "SELECT m.name, c.cid, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_schema m "
               "JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid");
  }

  test::TempDir dir;
  const std::string file = dir / "state.db";
};

TEST_F(Upgrade, AStateOfVersion1IsReadWhole) {
  golden("v1.sql");
  auto database = Database::open(file);
  ASSERT_TRUE(database) << database.error().what;
  const auto saved = database->load();
  ASSERT_TRUE(saved) << saved.error().what;
  ASSERT_EQ(saved->files.files.size(), 2U);
  const auto& live = saved->files.files[0];
  EXPECT_EQ(live.id, (tail::FileId{65024, 4711, 1795230245123456789ULL}));
  EXPECT_EQ(live.path, "/var/log/app.log");
  EXPECT_EQ(live.real, "/var/log/app.log");
  EXPECT_EQ(live.position, 123456U);
  EXPECT_EQ(live.size, 123456U);
  EXPECT_EQ(live.age, 0U);
  EXPECT_EQ(live.head, (tail::Mark{0xDEADBEEFCAFEF00DULL, 1024}));
  EXPECT_EQ(live.tail, (tail::Mark{42, 256}));
  EXPECT_EQ(saved->files.files[1].position, 1ULL << 40);
  EXPECT_EQ(saved->files.files[1].life, tail::Life::kRotated);
  EXPECT_THAT(saved->files.patterns, ElementsAre("app\x1f/var/log/*.log"));
  ASSERT_EQ(saved->alerts.size(), 1U);
  EXPECT_THAT(saved->alerts[0].group, ElementsAre("web", "告警"));
  EXPECT_EQ(saved->alerts[0].total, 12U);
  ASSERT_EQ(saved->outbox.size(), 3U);
  EXPECT_EQ(saved->outbox[2].state, deliver::RowState::kHeld);
  EXPECT_EQ(saved->outbox[2].uuid, "uuid-4");
  EXPECT_EQ(saved->outbox[2].alert, "");
  EXPECT_TRUE(saved->outbox[1].lines.empty());
  ASSERT_EQ(saved->robots.size(), 1U) << "which one took the messages of the last minute is not known";
  EXPECT_EQ(saved->robots[0].key, "");
  EXPECT_EQ(saved->robots[0].rests_until, base::from_unix_ms(1'795'230'244'000 + 60'000));
  EXPECT_TRUE(saved->losses.empty());
  EXPECT_TRUE(saved->files.listed.empty());
}

TEST_F(Upgrade, WhatItLeadsToIsTheSchemaOfANewState) {
  golden("v1.sql");
  ASSERT_TRUE(Database::open(file));
  const auto upgraded = columns();
  std::filesystem::remove(file);
  std::filesystem::remove(file + "-wal");
  ASSERT_TRUE(Database::make(file));
  EXPECT_EQ(upgraded, columns());
  EXPECT_THAT(upgraded, HasSubstr("message|12|robot"));
}

TEST_F(Upgrade, ACopyOfTheOldOneIsKeptBeside) {
  golden("v1.sql");
  std::ofstream(file + ".v1") << "of an upgrade that was interrupted";
  ASSERT_TRUE(Database::open(file));
  EXPECT_EQ(sql(file + ".v1", "PRAGMA user_version; SELECT count(*) FROM message"), "1|\n4|\n");
}

TEST_F(Upgrade, OneThatFailsLeavesTheOldState) {
  golden("v1.sql");
  sql(file, "CREATE TABLE loss (this_one_is TEXT) /* in its way */");
  const auto refused = Database::open(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(sql(file, "PRAGMA user_version; SELECT count(*) FROM sqlite_schema WHERE name = 'agent'"),
            "1|\n0|\n");
}

TEST_F(Upgrade, ANewerStateIsRefusedAndLeftAlone) {
  ASSERT_TRUE(Database::make(file));
  sql(file, "PRAGMA journal_mode = WAL; UPDATE agent SET schema = 99; PRAGMA user_version = 99");
  const auto before = bytes_of(file);
  const auto refused = Database::open(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::kDenied);
  EXPECT_THAT(refused.error().what, HasSubstr("schema is version 99"));
  EXPECT_EQ(bytes_of(file), before);
  EXPECT_THAT(names_in(dir.path(), "state.db.v"), testing::IsEmpty());
}

TEST_F(Upgrade, ADamagedVersionIsNoNewerOne) {
  for (const char* damage :
       {"PRAGMA user_version = 99", "PRAGMA user_version = 1", "PRAGMA user_version = 0",
        "PRAGMA user_version = -2", "UPDATE agent SET schema = 3", "DELETE FROM agent"}) {
    ASSERT_TRUE(Database::make(file));
    sql(file, damage);
    const auto refused = Database::open(file);
    ASSERT_FALSE(refused) << damage;
    EXPECT_EQ(refused.error().code, base::Code::kInvalid) << damage;
    for (const auto& name : names_in(dir.path(), "state.db")) std::filesystem::remove(dir / name);
  }
}

}  // namespace
}  // namespace dingtail::state
