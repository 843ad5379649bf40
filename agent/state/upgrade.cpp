#include "state/upgrade.h"

#include <fcntl.h>

#include <array>
#include <cerrno>

#include "base/fd.h"
#include "state/statement.h"

namespace dingtail::state {
namespace {

// kSteps[N - 1] leads from version N to N + 1. Which robot took what is not in version 1: all of them rest
// until each must have its slots free.
constexpr std::array<std::string_view, kSchemaVersion - 1> kSteps = {
    R"sql(
CREATE TABLE agent (schema INTEGER NOT NULL, machine TEXT NOT NULL, cut_at INTEGER NOT NULL);
INSERT INTO agent VALUES (2, '', 0);
ALTER TABLE file ADD COLUMN real TEXT NOT NULL DEFAULT '';
ALTER TABLE file ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN age INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN twin_inode INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file ADD COLUMN twin_birth INTEGER NOT NULL DEFAULT 0;
UPDATE file SET real = path, size = position;
CREATE TABLE directory (path TEXT PRIMARY KEY, listed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE loss (path TEXT NOT NULL, reason TEXT NOT NULL, bytes INTEGER NOT NULL, at INTEGER NOT NULL,
  untold INTEGER, PRIMARY KEY (path, reason)) WITHOUT ROWID;
CREATE TABLE console (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE robot (key TEXT PRIMARY KEY, rests_until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE slot (robot TEXT NOT NULL, second INTEGER NOT NULL, answers INTEGER NOT NULL,
  PRIMARY KEY (robot, second)) WITHOUT ROWID;
INSERT INTO robot SELECT '', ifnull(max(iif(state = 'delivered', answered + 60000, not_before)), 0)
  FROM message WHERE state IN ('delivered', 'sending');
DELETE FROM message WHERE state = 'delivered';
ALTER TABLE message DROP COLUMN answered;
ALTER TABLE message ADD COLUMN alert TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN report TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN lines TEXT NOT NULL DEFAULT '[]';
ALTER TABLE message ADD COLUMN small INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN robot TEXT NOT NULL DEFAULT '';
PRAGMA user_version = 2;
)sql",
};

base::Result<std::int64_t> ask_number(sqlite3* database, std::string_view sql) {
  Statement statement(database, sql);
  const auto row = statement.step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement.integer(0) : 0;
}

// The version that the database is of, said twice from 2 on, so that a flipped bit is not taken for a newer
// agent's work.
base::Result<std::int64_t> version_of(sqlite3* database) {
  auto version = ask_number(database, "PRAGMA user_version");
  if (!version) return version;
  auto tables = ask_number(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'agent'");
  if (!tables) return tables;
  std::int64_t said = 1;
  if (*tables == 1) {
    auto schema = ask_number(database, "SELECT schema FROM agent");
    if (!schema) return schema;
    said = *schema;
  }
  if (said != *version || said < 1)
    return base::fail(base::Code::kInvalid, "no schema version that an agent gave it");
  return said;
}

base::Status back_up(sqlite3* database, const std::string& copy) {
  ::unlink(copy.c_str());  // of an upgrade that was interrupted
  TRY(Statement(database, "VACUUM INTO ?").run(std::string_view(copy)));
  const base::Fd fd(::open(copy.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || ::fsync(fd.get()) != 0) return base::fail_errno("writing " + copy, errno);
  return {};
}

}  // namespace

base::Status upgrade(sqlite3* database, const std::string& file) {
  const auto version = version_of(database);
  if (!version) return tl::unexpected(version.error());
  if (*version == kSchemaVersion) return {};
  if (*version > kSchemaVersion)
    return base::fail(base::Code::kDenied, "its schema is version " + std::to_string(*version) +
                                               ", this agent knows version " +
                                               std::to_string(kSchemaVersion) + ": run the newer agent");
  TRY(back_up(database, file + ".v" + std::to_string(*version)));
  std::string all = "BEGIN IMMEDIATE;";
  for (auto step = *version; step < kSchemaVersion; ++step)
    all += kSteps.at(static_cast<std::size_t>(step - 1));
  return execute(database, all + "COMMIT;");
}

}  // namespace dingtail::state
