#include "state/tables.h"

#include <array>
#include <string_view>

#include "state/alert_json.h"
#include "state/statement.h"

namespace dingtail::state {
namespace {

constexpr std::array<std::string_view, 4> kStates = {"pending", "sending", "delivered", "held"};

// Calls on_row for each row that the statement answers.
template <class OnRow>
base::Status each(Statement& statement, const OnRow& on_row) {
  while (true) {
    const auto row = statement.step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return {};
    TRY(on_row());
  }
}

base::Result<deliver::RowState> state_named(const std::string& name) {
  for (std::size_t i = 0; i < kStates.size(); ++i)
    if (kStates.at(i) == name) return static_cast<deliver::RowState>(i);
  return base::fail(base::Code::kInvalid, "a message in no known state: " + name);
}

base::Status load_files(sqlite3* database, tail::TailState& files) {
  Statement file(
      database,
      "SELECT device, inode, birth, path, source, position, rotated, head_hash, head_size, tail_hash, "
      "tail_size, real, size, age, twin_inode, twin_birth FROM file");
  const auto number = [&](int column) { return static_cast<std::uint64_t>(file.integer(column)); };
  const auto mark = [&](int column) {
    return tail::Mark{number(column), static_cast<std::uint32_t>(file.integer(column + 1))};
  };
  TRY(each(file, [&]() -> base::Status {
    tail::FileState state;
    state.id = {number(0), number(1), number(2)};
    state.path = file.text(3);
    state.source = file.text(4);
    state.position = number(5);
    state.life = static_cast<tail::Life>(std::clamp<std::int64_t>(file.integer(6), 0, 2));
    state.head = mark(7);
    state.tail = mark(9);
    state.real = file.text(11);
    state.size = number(12);
    state.age = number(13);
    state.twin = {state.id.device, number(14), number(15)};
    files.files.push_back(std::move(state));
    return {};
  }));
  Statement directory(database, "SELECT path, listed FROM directory");
  TRY(each(directory, [&]() -> base::Status {
    files.listed[directory.text(0)] = static_cast<std::uint64_t>(directory.integer(1));
    return {};
  }));
  Statement pattern(database, "SELECT key FROM pattern");
  return each(pattern, [&]() -> base::Status {
    files.patterns.insert(pattern.text(0));
    return {};
  });
}

base::Status load_alerts(sqlite3* database, std::vector<alert::AlertState>& alerts) {
  Statement select(database, "SELECT rule, grp, data FROM alert");
  return each(select, [&]() -> base::Status {
    auto alert = parse_alert(select.text(0), select.text(1), select.text(2));
    if (!alert) return tl::unexpected(alert.error());
    alerts.push_back(std::move(*alert));
    return {};
  });
}

base::Status load_outbox(sqlite3* database, std::vector<deliver::Row>& outbox) {
  Statement select(
      database,
      "SELECT id, uuid, target, body, state, attempts, created, not_before, answered, alert, report "
      "FROM message");
  return each(select, [&]() -> base::Status {
    const auto state = state_named(select.text(4));
    if (!state) return tl::unexpected(state.error());
    deliver::Row row;
    row.id = static_cast<std::uint64_t>(select.integer(0));
    row.uuid = select.text(1);
    row.target = select.text(2);
    row.body = select.text(3);
    row.state = *state;
    row.attempts = static_cast<std::uint32_t>(select.integer(5));
    row.created = base::from_unix_ms(select.integer(6));
    row.not_before = base::from_unix_ms(select.integer(7));
    row.answered = base::from_unix_ms(select.integer(8));
    row.alert = select.text(9);
    row.report = select.text(10);
    outbox.push_back(std::move(row));
    return {};
  });
}

base::Status load_losses(sqlite3* database, std::vector<tail::Loss>& losses) {
  Statement select(database, "SELECT path, bytes, reason, at FROM loss");
  return each(select, [&]() -> base::Status {
    losses.push_back({select.text(0), static_cast<std::uint64_t>(select.integer(1)), select.text(2),
                      base::from_unix_ms(select.integer(3))});
    return {};
  });
}

base::Status write_files(sqlite3* database, const Unwritten& cut) {
  Statement erase(database, "DELETE FROM file WHERE device = ? AND inode = ? AND birth = ?");
  Statement insert(database, "REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& [id, file] : cut.files) {
    if (file)
      TRY(insert.run(id.device, id.inode, id.birth, file->path, file->source, file->position,
                     static_cast<std::int64_t>(file->life), file->head.hash, std::int64_t{file->head.size},
                     file->tail.hash, std::int64_t{file->tail.size}, file->real, file->size, file->age,
                     file->twin.inode, file->twin.birth));
    else
      TRY(erase.run(id.device, id.inode, id.birth));
  }
  return {};
}

base::Status write_directories(sqlite3* database, const Unwritten& cut) {
  Statement directory(database, "REPLACE INTO directory VALUES (?, ?)");
  for (const auto& [path, listed] : cut.listed) TRY(directory.run(path, listed));
  Statement pattern(database, "REPLACE INTO pattern VALUES (?)");
  for (const auto& key : cut.patterns) TRY(pattern.run(key));
  return {};
}

base::Status write_alerts(sqlite3* database, const Unwritten& cut) {
  Statement erase(database, "DELETE FROM alert WHERE rule = ? AND grp = ?");
  Statement insert(database, "REPLACE INTO alert VALUES (?, ?, ?)");
  for (const auto& [key, alert] : cut.alerts) {
    if (alert)
      TRY(insert.run(key.rule, group_json(key.group), alert_json(*alert)));
    else
      TRY(erase.run(key.rule, group_json(key.group)));
  }
  return {};
}

base::Status write_outbox(sqlite3* database, const Unwritten& cut) {
  Statement erase(database, "DELETE FROM message WHERE id = ?");
  Statement insert(database, "REPLACE INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& [id, row] : cut.outbox) {
    if (row)
      TRY(insert.run(id, row->uuid, row->target, row->body, kStates.at(static_cast<std::size_t>(row->state)),
                     std::int64_t{row->attempts}, base::unix_ms(row->created), base::unix_ms(row->not_before),
                     base::unix_ms(row->answered), row->alert, row->report));
    else
      TRY(erase.run(id));
  }
  return {};
}

base::Status write_losses(sqlite3* database, const Unwritten& cut) {
  if (cut.losses.empty()) return {};
  Statement insert(database,
                   "INSERT INTO loss VALUES (?, ?, ?, ?) "
                   "ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, at = max(at, excluded.at)");
  for (const auto& [key, loss] : cut.losses)
    TRY(insert.run(loss.path, loss.reason, loss.bytes, base::unix_ms(loss.at)));
  return Statement(database,
                   "DELETE FROM loss WHERE (path, reason) NOT IN "
                   "(SELECT path, reason FROM loss ORDER BY at DESC LIMIT 1000)")
      .run();
}

}  // namespace

base::Status load_rows(sqlite3* database, Saved& saved) {
  TRY(load_files(database, saved.files));
  TRY(load_alerts(database, saved.alerts));
  TRY(load_outbox(database, saved.outbox));
  return load_losses(database, saved.losses);
}

base::Status write_rows(sqlite3* database, const Unwritten& cut) {
  TRY(write_files(database, cut));
  TRY(write_directories(database, cut));
  TRY(write_alerts(database, cut));
  TRY(write_outbox(database, cut));
  return write_losses(database, cut);
}

}  // namespace dingtail::state
