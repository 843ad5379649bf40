#include "state/outbox_table.h"

#include <array>
#include <string_view>

#include "format/json.h"
#include "state/statement.h"

namespace dingtail::state {
namespace {

constexpr std::array<std::string_view, 3> kStates = {"pending", "sending", "held"};

base::Result<deliver::RowState> state_named(const std::string& name) {
  for (std::size_t i = 0; i < kStates.size(); ++i)
    if (kStates.at(i) == name) return static_cast<deliver::RowState>(i);
  return base::fail(base::Code::kInvalid, "a message in no known state: " + name);
}

base::Status load_messages(sqlite3* database, std::vector<deliver::Row>& outbox) {
  Statement select(database,
                   "SELECT id, uuid, target, body, state, attempts, created, not_before, alert, report, "
                   "lines, small, robot FROM message");
  return select.each([&]() -> base::Status {
    const auto state = state_named(select.text(4));
    if (!state) return tl::unexpected(state.error());
    auto lines = format::parse_lines(select.text(10));
    if (!lines) return base::fail(base::Code::kInvalid, "a message with no lines of a digest");
    deliver::Row row;
    row.id = static_cast<std::uint64_t>(select.integer(0));
    row.uuid = select.text(1);
    row.target = select.text(2);
    row.body = select.text(3);
    row.state = *state;
    row.attempts = static_cast<std::uint32_t>(select.integer(5));
    row.created = base::from_unix_ms(select.integer(6));
    row.not_before = base::from_unix_ms(select.integer(7));
    row.alert = select.text(8);
    row.report = select.text(9);
    row.lines = std::move(*lines);
    row.small = select.integer(11) != 0;
    row.robot = select.text(12);
    outbox.push_back(std::move(row));
    return {};
  });
}

base::Status load_console(sqlite3* database, std::vector<deliver::ConsoleRow>& console) {
  Statement select(database, "SELECT id, text FROM console ORDER BY id");
  return select.each([&]() -> base::Status {
    console.push_back({static_cast<std::uint64_t>(select.integer(0)), select.text(1)});
    return {};
  });
}

base::Status load_robots(sqlite3* database, std::vector<deliver::RobotRecord>& robots) {
  Statement robot(database, "SELECT key, rests_until FROM robot");
  TRY(robot.each([&]() -> base::Status {
    robots.push_back({robot.text(0), base::from_unix_ms(robot.integer(1)), {}});
    return {};
  }));
  for (auto& each : robots) {
    Statement slot(database, "SELECT second, answers FROM slot WHERE robot = ?");
    slot.bind(1, each.key);
    TRY(slot.each([&]() -> base::Status {
      each.answered[base::from_unix_ms(slot.integer(0))] = static_cast<std::uint32_t>(slot.integer(1));
      return {};
    }));
  }
  return {};
}

base::Status write_messages(sqlite3* database, const Unwritten& cut) {
  Statement erase(database, "DELETE FROM message WHERE id = ?");
  Statement insert(database, "REPLACE INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& [id, row] : cut.outbox) {
    if (row)
      TRY(insert.run(id, row->uuid, row->target, row->body, kStates.at(static_cast<std::size_t>(row->state)),
                     std::int64_t{row->attempts}, base::unix_ms(row->created), base::unix_ms(row->not_before),
                     row->alert, row->report, format::lines_json(row->lines), std::int64_t{row->small},
                     row->robot));
    else
      TRY(erase.run(id));
  }
  return {};
}

base::Status write_console(sqlite3* database, const Unwritten& cut) {
  Statement erase(database, "DELETE FROM console WHERE id = ?");
  Statement insert(database, "REPLACE INTO console VALUES (?, ?)");
  for (const auto& [id, text] : cut.console) TRY(text ? insert.run(id, *text) : erase.run(id));
  return {};
}

base::Status write_slots(sqlite3* database, const deliver::RobotRecord& robot) {
  TRY(Statement(database, "DELETE FROM slot WHERE robot = ?").run(robot.key));
  Statement insert(database, "INSERT INTO slot VALUES (?, ?, ?)");
  for (const auto& [second, answers] : robot.answered)
    TRY(insert.run(robot.key, base::unix_ms(second), std::int64_t{answers}));
  return {};
}

base::Status write_robots(sqlite3* database, const Unwritten& cut) {
  Statement insert(database, "REPLACE INTO robot VALUES (?, ?)");
  Statement erase(database, "DELETE FROM robot WHERE key = ?");
  for (const auto& [key, robot] : cut.robots) {
    const bool says_something = robot.rests_until != base::Wall{} || !robot.answered.empty();
    TRY(says_something ? insert.run(key, base::unix_ms(robot.rests_until)) : erase.run(key));
    TRY(write_slots(database, robot));
  }
  return {};
}

}  // namespace

base::Status load_outbox(sqlite3* database, Saved& saved) {
  TRY(load_messages(database, saved.outbox));
  TRY(load_console(database, saved.console));
  return load_robots(database, saved.robots);
}

base::Status write_outbox(sqlite3* database, const Unwritten& cut) {
  TRY(write_messages(database, cut));
  TRY(write_console(database, cut));
  return write_robots(database, cut);
}

}  // namespace dingtail::state
