#include "deliver/outbox.h"

#include <algorithm>

#include "format/json.h"

namespace dingtail::deliver {
namespace {

constexpr std::size_t kRowBytes = 500;  // beside its texts

bool of_one_rule(const Row& row) {
  return row.lines.size() == 1 && row.lines.front().of_rule;
}

std::size_t bytes_of(const Row& row) {
  std::size_t bytes = kRowBytes + row.body.size() + row.report.size();
  for (const auto& line : row.lines) bytes += sizeof line + line.rule.size() + line.text.size();
  return bytes;
}

}  // namespace

void Outbox::restore(Row row, base::Mono held_until) {
  last_id_ = std::max(last_id_, row.id);
  const auto id = row.id;
  const auto& target = row.target;
  if (row.state == RowState::kHeld) queues_[target].held.emplace(id, held_until);
  row.unsure = row.state == RowState::kSending;
  put(std::move(row));
  unsaved_.forget(id);
}

const Row* Outbox::waiting(const std::string& target, const std::string& alert) const {
  const auto queue = queues_.find(target);
  if (queue == queues_.end()) return nullptr;
  const auto at = queue->second.by_alert.find(alert);
  return at == queue->second.by_alert.end() ? nullptr : &rows_.at(at->second);
}

Row Outbox::new_row(Post post, base::Now now) {
  Row row;
  row.id = ++last_id_;
  row.uuid = new_uuid_();
  row.target = std::move(post.target);
  row.body = format::body_json(post.message, row.uuid);
  row.alert = std::move(post.alert);
  row.report = std::move(post.report);
  row.lines = std::move(post.lines);
  row.created = now.wall;
  return row;
}

std::uint64_t Outbox::add(Post post, base::Now now) {
  auto row = new_row(std::move(post), now);
  if (const auto* before = waiting(row.target, row.alert)) {
    const auto old = take(before->id);
    row.id = old.id;
    row.created = old.created;
  }
  const auto id = row.id;
  const auto target = row.target;
  put(std::move(row));
  keep_limits(target);
  return id;
}

std::uint64_t Outbox::add_urgent(Post post, base::Now now) {
  auto row = new_row(std::move(post), now);
  const auto id = row.id;
  auto& queue = queues_[row.target];
  queue.urgent.insert(id);
  put(std::move(row));
  return id;
}

// Every row comes and goes through these two: they keep the lists and sums.
void Outbox::put(Row row) {
  const auto id = row.id;
  auto& queue = queues_[row.target];
  count(row, true);
  if (row.state == RowState::kSending) queue.frozen.insert(id);
  if (row.state == RowState::kPending && !queue.urgent.contains(id)) {
    queue.pending.emplace(order_of(row), id);
    if (!row.alert.empty()) queue.by_alert.emplace(row.alert, id);
    if (of_one_rule(row)) queue.by_rule.emplace(row.lines.front().rule, id);
  }
  rows_.insert_or_assign(id, std::move(row));
  unsaved_.touch(id);
}

Row Outbox::take(std::uint64_t id) {
  auto row = std::move(rows_.extract(id).mapped());
  auto& queue = queues_.at(row.target);
  count(row, false);
  queue.frozen.erase(id);
  queue.held.erase(id);
  queue.urgent.erase(id);
  if (queue.pending.erase({order_of(row), id}) > 0) {
    if (!row.alert.empty()) queue.by_alert.erase(row.alert);
    if (of_one_rule(row)) queue.by_rule.erase(row.lines.front().rule);
  }
  unsaved_.touch(id);
  return row;
}

// Unsigned sums: what is taken out was put in.
void Outbox::count(const Row& row, bool in) {
  auto& queue = queues_.at(row.target);
  const auto add = [in](std::size_t& sum, std::size_t more) { sum = in ? sum + more : sum - more; };
  const auto bytes = bytes_of(row);
  add(queue.rows, 1);
  add(bytes_, bytes);
  if (!may_fold(row)) return;
  add(queue.bytes, bytes);
  if (row.state != RowState::kPending) return;
  for (const auto& line : row.lines)
    if (!line.of_rule) add(queue.lines_cost, format::cost(line));
}

std::uint64_t Outbox::freeze(std::uint64_t id) {
  auto row = take(id);
  row.state = RowState::kSending;
  row.alert.clear();
  row.report.clear();
  put(std::move(row));
  return id;
}

void Outbox::give(std::uint64_t id, const std::string& robot) {
  Row& row = rows_.at(id);
  queues_.at(row.target).frozen.erase(id);
  row.robot = robot;
  unsaved_.touch(id);
}

void Outbox::release(std::uint64_t id) {
  queues_.at(rows_.at(id).target).frozen.insert(id);
}

void Outbox::thaw(std::uint64_t id) {
  auto row = take(id);
  row.state = RowState::kPending;
  row.robot.clear();
  const bool of_rules = !row.lines.empty() && std::ranges::all_of(row.lines, &format::DigestLine::of_rule);
  const auto target = row.target;
  if (of_rules)
    fold(row);
  else
    put(std::move(row));
  keep_limits(target);
}

void Outbox::thaw_urgent(std::uint64_t id) {
  auto row = take(id);
  row.state = RowState::kPending;
  row.robot.clear();
  queues_.at(row.target).urgent.insert(id);
  put(std::move(row));
}

void Outbox::hold(std::uint64_t id, base::Now now, base::Millis wait) {
  auto row = take(id);
  row.state = RowState::kHeld;
  row.robot.clear();
  row.not_before = now.wall + wait;
  queues_.at(row.target).held.emplace(id, now.mono + wait);
  put(std::move(row));
}

bool Outbox::reword(std::uint64_t id, Refusal refusal) {
  const Row& now = rows_.at(id);
  const bool other = refusal == Refusal::kSize ? can_be_smaller(now) : has_text(now);
  if (!other) return false;
  auto row = take(id);
  row.body.clear();
  if (refusal == Refusal::kSize) row.small = true;
  if (refusal == Refusal::kContent)
    for (auto& line : row.lines) line.text.clear();
  put(std::move(row));
  thaw(id);
  return true;
}

void Outbox::erase(std::uint64_t id) {
  take(id);
}

void Outbox::attempted(std::uint64_t id) {
  ++rows_.at(id).attempts;
}

void Outbox::mark_unsure(std::uint64_t id) {
  rows_.at(id).unsure = true;
  unsaved_.touch(id);
}

void Outbox::add_keyword(std::uint64_t id, const std::vector<std::string>& keywords) {
  Row& row = rows_.at(id);
  const auto uuid = row.attempts == 0 ? row.uuid : new_uuid_();
  auto body = format::with_keyword(row.body, keywords, uuid);
  if (!body) return;
  bytes_ += body->size();
  bytes_ -= row.body.size();
  row.uuid = uuid;
  row.body = std::move(*body);
  unsaved_.touch(id);
}

void Outbox::take_changes(Changes& changes) {
  for (const auto id : unsaved_.take()) {
    if (const auto row = rows_.find(id); row != rows_.end())
      changes.changed.push_back(row->second);
    else
      changes.erased.push_back(id);
  }
}

}  // namespace dingtail::deliver
