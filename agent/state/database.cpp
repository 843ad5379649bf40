#include "state/database.h"

#include <sqlite3.h>

#include <array>
#include <utility>

#include "state/schema.h"
#include "state/statement.h"
#include "state/tables.h"
#include "state/upgrade.h"

namespace dingtail::state {
namespace {

constexpr int kLogPagesMost = 200;  // then they are moved to their places

// And what each answers. The lock comes first: without it the log would need shared memory.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kPragmas = {{
    {"PRAGMA locking_mode = EXCLUSIVE", "exclusive"},
    {"PRAGMA journal_mode = WAL", "wal"},
    {"PRAGMA synchronous = FULL", ""},
    {"PRAGMA synchronous", "2"},
    {"PRAGMA temp_store = MEMORY", ""},
    {"PRAGMA journal_size_limit = 1048576", "1048576"},
    {"PRAGMA wal_autocheckpoint = 0", "0"},  // SQLite's own would keep the error of an fsync to themselves
}};

// The one value that a statement answers.
base::Result<std::string> ask(sqlite3* database, std::string_view sql) {
  Statement statement(database, sql);
  const auto row = statement.step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement.text(0) : std::string();
}

// Each of them can quietly do nothing.
base::Status set(sqlite3* database, std::string_view pragma, std::string_view expected) {
  const auto answer = ask(database, pragma);
  if (!answer) return tl::unexpected(answer.error());
  if (*answer == expected) return {};
  return base::fail(base::Code::kFailed,
                    "this file system cannot hold it: " + std::string(pragma) + " answers " + *answer);
}

base::Status check(sqlite3* database) {
  const auto answer = ask(database, "PRAGMA quick_check(1)");
  if (!answer) return tl::unexpected(answer.error());
  return *answer == "ok" ? base::Status() : base::fail(base::Code::kInvalid, *answer);
}

// The schema is text in the file, and damage may leave it readable: then each start would end at its first
// cut.
base::Status check_schema(sqlite3* database) {
  constexpr std::string_view kColumns =
      "SELECT group_concat(line) FROM (SELECT m.type || ' ' || m.name || ifnull(' ' || c.cid || ' ' || "
      "c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk, '') AS line FROM sqlite_schema m "
      "LEFT JOIN pragma_table_info(m.name) c ORDER BY m.name, c.cid)";
  sqlite3* raw = nullptr;
  sqlite3_open(":memory:", &raw);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> model(raw, sqlite3_close);
  TRY(execute(raw, std::string(kSchema)));
  const auto right = ask(raw, kColumns);
  if (!right) return tl::unexpected(right.error());
  const auto found = ask(database, kColumns);
  if (!found) return tl::unexpected(found.error());
  if (*right == *found) return {};
  return base::fail(base::Code::kInvalid, "its tables are not an agent's");
}

int note_log_pages(void* pages, sqlite3* /*database*/, const char* /*name*/, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close(database);
}

base::Status Database::make(const std::string& file) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(
      file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, nullptr);
  const Database database(raw);
  if (opened != SQLITE_OK) return fail_sql(raw);
  sqlite3_extended_result_codes(raw, 1);
  TRY(set(raw, "PRAGMA locking_mode = EXCLUSIVE", "exclusive"));
  TRY(execute(raw, "PRAGMA synchronous = OFF"));  // the whole file is synced by who gives it its name
  TRY(execute(raw, "BEGIN IMMEDIATE;" + std::string(kSchema) + "COMMIT;"));
  // Here and not when it is opened: the journal of that change would be the file's own.
  return set(raw, "PRAGMA journal_mode = WAL", "wal");
}

base::Result<Database> Database::open(const std::string& file) {
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, nullptr);
  Database database(raw);
  if (opened != SQLITE_OK) return base::within(file, fail_sql(raw).error());
  if (auto ready = database.prepare(file); !ready) return base::within(file, std::move(ready).error());
  return database;
}

base::Status Database::prepare(const std::string& file) {
  auto* database = database_.get();
  sqlite3_extended_result_codes(database, 1);
  // A corrupt file is set aside as it is, and after a failed fsync nothing is written any more.
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (sqlite3_db_readonly(database, "main") == 1)
    return base::fail(base::Code::kFailed, "it can be read and not written");
  for (const auto& [pragma, answer] : kPragmas) TRY(set(database, pragma, answer));
  sqlite3_wal_hook(database, note_log_pages, log_pages_.get());
  TRY(check(database));
  if (sqlite3_db_readonly(database, "main") == 1)  // only its own head can have said so
    return base::fail(base::Code::kInvalid, "its head is damaged: it may not be written");
  TRY(upgrade(database, file));
  return check_schema(database);
}

base::Result<Saved> Database::load() {
  Saved saved;
  TRY(load_rows(database_.get(), saved));
  Statement cut_at(database_.get(), "SELECT cut_at FROM agent");
  const auto row = cut_at.step();
  if (!row) return tl::unexpected(row.error());
  saved.cut_at = base::from_unix_ms(cut_at.integer(0));
  return saved;
}

base::Result<std::string> Database::machine() {
  return ask(database_.get(), "SELECT machine FROM agent");
}

base::Status Database::write(const Unwritten& cut, const std::string& machine) {
  auto* database = database_.get();
  TRY(execute(database, "BEGIN IMMEDIATE"));
  auto written = write_rows(database, cut);
  if (written)
    written = Statement(database, "UPDATE agent SET machine = ?, cut_at = ?")
                  .run(std::string_view(machine), base::unix_ms(cut.at));
  if (!written) {
    sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);
    return written;
  }
  TRY(execute(database, "COMMIT"));
  if (*log_pages_ < kLogPagesMost) return {};
  if (sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) == SQLITE_OK)
    return {};
  // Where there is no space the log grows, until that is over or a cut does not fit.
  auto failed = fail_sql(database);
  return failed.error().code == base::Code::kNotDurable ? failed : base::Status();
}

base::Status Database::copy_to(const std::string& file) {
  return Statement(database_.get(), "VACUUM INTO ?").run(std::string_view(file));
}

base::Status Database::tidy() {
  auto* database = database_.get();
  if (sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) == SQLITE_OK)
    return {};
  return fail_sql(database);
}

}  // namespace dingtail::state
