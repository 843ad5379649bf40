#include "state/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>

#include <array>
#include <cerrno>

#include "base/file.h"
#include "state/alert_json.h"
#include "state/schema.h"
#include "state/statement.h"

namespace dingtail::state {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr std::array<std::string_view, 4> kStates = {"pending", "sending", "delivered", "held"};

base::Status run(sqlite3* database, std::string_view sql) {
  return Statement(database, sql).run();
}

// The one value that a statement answers.
base::Result<std::string> ask(sqlite3* database, std::string_view sql) {
  Statement statement(database, sql);
  const auto row = statement.step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement.text(0) : std::string();
}

base::Result<base::Fd> lock(const std::string& directory) {
  const std::string path = directory + "/lock";
  base::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fd) return base::fail_errno("open " + path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return base::fail_errno("lock " + path, errno);
  return base::fail(base::Code::kBusy, "another agent runs on " + directory +
                                           ": stop it, or give this one a state_dir of its own");
}

deliver::RowState state_named(const std::string& name) {
  for (std::size_t i = 0; i < kStates.size(); ++i)
    if (kStates.at(i) == name) return static_cast<deliver::RowState>(i);
  return deliver::RowState::kPending;
}

base::Status load_files(sqlite3* database, tail::TailState& files) {
  Statement file(
      database,
      "SELECT device, inode, birth, path, source, position, rotated, head_hash, head_size, tail_hash, "
      "tail_size FROM file");
  const auto number = [&](int column) { return static_cast<std::uint64_t>(file.integer(column)); };
  const auto mark = [&](int column) {
    return tail::Mark{number(column), static_cast<std::uint32_t>(file.integer(column + 1))};
  };
  while (true) {
    const auto row = file.step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    files.files.push_back({{number(0), number(1), number(2)},
                           file.text(3),
                           file.text(4),
                           number(5),
                           file.integer(6) == 0 ? tail::Life::kLive : tail::Life::kRotated,
                           mark(7),
                           mark(9)});
  }
  Statement pattern(database, "SELECT key FROM pattern");
  while (true) {
    const auto row = pattern.step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
    files.patterns.insert(pattern.text(0));
  }
}

base::Status load_alerts(sqlite3* database, std::vector<alert::AlertState>& alerts) {
  Statement select(database, "SELECT rule, grp, data FROM alert");
  while (true) {
    const auto row = select.step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
    auto alert = parse_alert(select.text(0), select.text(1), select.text(2));
    if (!alert) return tl::unexpected(alert.error());
    alerts.push_back(std::move(*alert));
  }
}

base::Status load_outbox(sqlite3* database, std::vector<deliver::Row>& outbox) {
  Statement select(
      database, "SELECT id, uuid, target, body, state, attempts, created, not_before, answered FROM message");
  while (true) {
    const auto found = select.step();
    if (!found) return tl::unexpected(found.error());
    if (!*found) return {};
    deliver::Row row;
    row.id = static_cast<std::uint64_t>(select.integer(0));
    row.uuid = select.text(1);
    row.target = select.text(2);
    row.body = select.text(3);
    row.state = state_named(select.text(4));
    row.attempts = static_cast<std::uint32_t>(select.integer(5));
    row.created = base::from_unix_ms(select.integer(6));
    row.not_before = base::from_unix_ms(select.integer(7));
    row.answered = base::from_unix_ms(select.integer(8));
    outbox.push_back(std::move(row));
  }
}

base::Status write_files(sqlite3* database, const tail::TailChanges& files) {
  Statement erase(database, "DELETE FROM file WHERE device = ? AND inode = ? AND birth = ?");
  for (const auto& id : files.erased) TRY(erase.run(id.device, id.inode, id.birth));
  Statement insert(database, "REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& file : files.changed)
    TRY(insert.run(file.id.device, file.id.inode, file.id.birth, file.path, file.source, file.position,
                   std::int64_t{file.life == tail::Life::kRotated}, file.head.hash,
                   std::int64_t{file.head.size}, file.tail.hash, std::int64_t{file.tail.size}));
  Statement pattern(database, "REPLACE INTO pattern VALUES (?)");
  for (const auto& key : files.patterns) TRY(pattern.run(key));
  return {};
}

base::Status write_alerts(sqlite3* database, const alert::AlertChanges& alerts) {
  Statement erase(database, "DELETE FROM alert WHERE rule = ? AND grp = ?");
  for (const auto& key : alerts.erased) TRY(erase.run(key.rule, group_json(key.group)));
  Statement insert(database, "REPLACE INTO alert VALUES (?, ?, ?)");
  for (const auto& alert : alerts.changed)
    TRY(insert.run(alert.rule, group_json(alert.group), alert_json(alert)));
  return {};
}

base::Status write_outbox(sqlite3* database, const deliver::Changes& outbox) {
  Statement insert(database, "REPLACE INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& row : outbox.changed)
    TRY(insert.run(row.id, row.uuid, row.target, row.body, kStates.at(static_cast<std::size_t>(row.state)),
                   std::int64_t{row.attempts}, base::unix_ms(row.created), base::unix_ms(row.not_before),
                   base::unix_ms(row.answered)));
  Statement erase(database, "DELETE FROM message WHERE id = ?");
  for (const auto id : outbox.erased) TRY(erase.run(id));
  return {};
}

}  // namespace

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close(database);
}

base::Result<Database> Database::open(const std::string& directory) {
  TRY(base::make_private_directory(directory));
  auto held = lock(directory);
  if (!held) return tl::unexpected(held.error());
  const std::string path = directory + "/state.db";
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, nullptr);
  Database database(std::move(*held), Handle(raw));
  if (opened != SQLITE_OK) return tl::unexpected(fail_sql(raw, "open " + path).error());
  if (auto ready = database.prepare_file(); !ready) return base::within(path, std::move(ready).error());
  return database;
}

base::Status Database::prepare_file() {
  auto* database = database_.get();
  TRY(run(database, "PRAGMA locking_mode = EXCLUSIVE"));
  const auto mode = ask(database, "PRAGMA journal_mode = WAL");
  if (!mode) return tl::unexpected(mode.error());
  if (*mode != "wal")
    return base::fail(base::Code::kFailed, "this file system cannot hold a write-ahead log");
  TRY(run(database, "PRAGMA synchronous = FULL"));
  TRY(run(database, "PRAGMA wal_autocheckpoint = 200"));
  TRY(ask(database, "PRAGMA journal_size_limit = 1048576"));
  const auto version = ask(database, "PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  if (*version == std::to_string(kSchemaVersion)) return {};
  if (*version != "0")
    return base::fail(base::Code::kInvalid, "its schema is version " + *version +
                                                ", this agent knows version " +
                                                std::to_string(kSchemaVersion) + ": run the newer agent");
  const std::string all = "BEGIN IMMEDIATE;" + std::string(kSchema) + "COMMIT;";
  if (sqlite3_exec(database, all.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return fail_sql(database, "making the schema");
  return {};
}

base::Result<Saved> Database::load() {
  Saved saved;
  TRY(load_files(database_.get(), saved.files));
  TRY(load_alerts(database_.get(), saved.alerts));
  TRY(load_outbox(database_.get(), saved.outbox));
  return saved;
}

base::Status Database::write(const Cut& cut) {
  auto* database = database_.get();
  TRY(run(database, "BEGIN IMMEDIATE"));
  auto written = write_rows(cut);
  if (written) written = run(database, "COMMIT");
  if (!written && sqlite3_get_autocommit(database) == 0)
    sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);
  return written;
}

base::Status Database::write_rows(const Cut& cut) {
  TRY(write_files(database_.get(), cut.files));
  TRY(write_alerts(database_.get(), cut.alerts));
  return write_outbox(database_.get(), cut.outbox);
}

}  // namespace dingtail::state
