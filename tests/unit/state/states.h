// States and cuts for the tests of state/.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "state/cut.h"
#include "state/keeper.h"

namespace dingtail::state {

inline alert::AlertState an_alert() {
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

inline deliver::Row a_row(std::uint64_t id, deliver::RowState state) {
  deliver::Row row;
  row.id = id;
  row.uuid = "u" + std::to_string(id);
  row.target = "ops";
  row.body = "{\"a\":\"告警\"}";
  row.alert = "alert";
  row.report = "{}";
  row.state = state;
  row.attempts = 2;
  row.created = base::from_unix_ms(10);
  row.not_before = base::from_unix_ms(11);
  row.small = true;
  row.robot = "robot";
  format::DigestLine line;
  line.rule = "r";
  line.text = "what \"happened\" 告警";
  line.severity = config::Severity::kCritical;
  line.event = config::EventKind::kRepeat;
  line.alerts = 1;
  line.resolved = 2;
  line.hits = 1ULL << 40;
  line.first = base::from_unix_ms(-4);
  line.last = base::from_unix_ms(5);
  line.people = {{"13800000000"}, {"u"}, true};
  line.of_rule = true;
  row.lines = {line, {}};
  return row;
}

inline tail::FileState a_file(std::uint64_t inode, std::uint64_t position) {
  tail::FileState state;
  state.id = {1, inode, 3};
  state.path = "/link/a";
  state.real = "/real/a";
  state.source = "s";
  state.position = position;
  state.size = position + 1;
  state.age = ~0ULL;
  state.life = tail::Life::kRotated;
  state.head = {~0ULL, 1024};
  state.tail = {7, 256};
  return state;
}

// The N-th of a run of cuts: it says N in each table, and grows the outbox by one.
inline Cut numbered_cut(std::uint64_t n) {
  Cut cut;
  cut.at = base::from_unix_ms(1'795'230'000'000 + static_cast<std::int64_t>(n));
  cut.files.changed = {a_file(2, n)};
  cut.alerts.changed = {an_alert()};
  cut.alerts.changed[0].total = n;
  cut.outbox.changed = {a_row(n, deliver::RowState::kPending)};
  cut.outbox.changed[0].body.append(1000, 'x');
  return cut;
}

// Which of the numbered cuts was the last that a state has; nothing: it is no such state.
inline std::optional<std::uint64_t> number_of(const Saved& saved) {
  if (saved.files.files.empty() && saved.alerts.empty() && saved.outbox.empty()) return 0;
  if (saved.files.files.size() != 1 || saved.alerts.size() != 1) return std::nullopt;
  const auto n = saved.files.files[0].position;
  if (saved.alerts[0].total != n || saved.outbox.size() != n || saved.outbox.back().id != n)
    return std::nullopt;
  return n;
}

inline std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The names in a directory that begin so, sorted.
inline std::vector<std::string> names_in(const std::string& directory, const std::string& beginning) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (auto name = entry.path().filename().string(); name.starts_with(beginning)) out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace dingtail::state
