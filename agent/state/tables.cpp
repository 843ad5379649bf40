#include "state/tables.h"

#include "state/alert_json.h"
#include "state/outbox_table.h"
#include "state/statement.h"

namespace dingtail::state {
namespace {

base::Status load_files(sqlite3* database, tail::TailState& files) {
  Statement file(
      database,
      "SELECT device, inode, birth, path, source, position, rotated, head_hash, head_size, tail_hash, "
      "tail_size, real, size, age, twin_inode, twin_birth FROM file");
  const auto number = [&](int column) { return static_cast<std::uint64_t>(file.integer(column)); };
  const auto mark = [&](int column) {
    return tail::Mark{number(column), static_cast<std::uint32_t>(file.integer(column + 1))};
  };
  TRY(file.each([&]() -> base::Status {
    tail::FileState state;
    state.id = {number(0), number(1), number(2)};
    state.path = file.text(3);
    state.source = file.text(4);
    state.position = number(5);
    state.life = static_cast<tail::Life>(std::clamp<std::int64_t>(file.integer(6), 0, 3));
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
  TRY(directory.each([&]() -> base::Status {
    files.listed[directory.text(0)] = static_cast<std::uint64_t>(directory.integer(1));
    return {};
  }));
  Statement pattern(database, "SELECT key FROM pattern");
  return pattern.each([&]() -> base::Status {
    files.patterns.insert(pattern.text(0));
    return {};
  });
}

base::Status load_alerts(sqlite3* database, std::vector<alert::AlertState>& alerts) {
  Statement select(database, "SELECT rule, grp, data FROM alert");
  return select.each([&]() -> base::Status {
    auto alert = parse_alert(select.text(0), select.text(1), select.text(2));
    if (!alert) return tl::unexpected(alert.error());
    alerts.push_back(std::move(*alert));
    return {};
  });
}

base::Status load_losses(sqlite3* database, std::string_view select_losses, std::vector<tail::Loss>& losses) {
  Statement select(database, select_losses);
  return select.each([&]() -> base::Status {
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
  Statement erase(database, "DELETE FROM directory WHERE path = ?");
  Statement insert(database, "REPLACE INTO directory VALUES (?, ?)");
  for (const auto& [path, listed] : cut.listed) TRY(listed ? insert.run(path, *listed) : erase.run(path));
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

base::Status write_losses(sqlite3* database, const Unwritten& cut) {
  Statement tell(database, "UPDATE loss SET untold = NULL WHERE path = ?");
  for (const auto& path : cut.told) TRY(tell.run(std::string_view(path)));
  if (cut.losses.empty()) return {};
  Statement insert(database,
                   "INSERT INTO loss VALUES (?, ?, ?, ?, ?) "
                   "ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, at = max(at, excluded.at), "
                   "untold = coalesce(untold + excluded.untold, untold, excluded.untold)");
  for (const auto& [key, lost] : cut.losses)
    TRY(insert.run(lost.loss.path, lost.loss.reason, lost.loss.bytes, base::unix_ms(lost.loss.at),
                   lost.untold));
  return Statement(database,
                   "DELETE FROM loss WHERE (path, reason) NOT IN "
                   "(SELECT path, reason FROM loss ORDER BY at DESC LIMIT 1000)")
      .run();
}

}  // namespace

base::Status load_rows(sqlite3* database, Saved& saved) {
  TRY(load_files(database, saved.files));
  TRY(load_alerts(database, saved.alerts));
  TRY(load_outbox(database, saved));
  TRY(load_losses(database, "SELECT path, bytes, reason, at FROM loss", saved.losses));
  return load_losses(database, "SELECT path, untold, reason, at FROM loss WHERE untold IS NOT NULL",
                     saved.untold);
}

base::Status write_rows(sqlite3* database, const Unwritten& cut) {
  TRY(write_files(database, cut));
  TRY(write_directories(database, cut));
  TRY(write_alerts(database, cut));
  TRY(write_outbox(database, cut));
  return write_losses(database, cut);
}

}  // namespace dingtail::state
