#include "deliver/courier.h"

#include <algorithm>

#include "base/text.h"
#include "deliver/sign.h"

namespace dingtail::deliver {
namespace {

constexpr base::Millis kHoldMost = std::chrono::hours(1);

constexpr std::string_view kTokenKey = "access_token=";
constexpr std::string_view kNoTarget = "no such target is configured";
constexpr std::string_view kNoTargetRemedy =
    "Messages for it are kept: configure the target again under the same name.";

// From a stored wall time to what is still to wait, whatever the clock did in between.
base::Millis left_until(base::Wall until, base::Wall now, base::Millis most) {
  return std::clamp(until - now, base::Millis{0}, most);
}

}  // namespace

std::string without_secrets(std::string text, const Robot& robot) {
  const std::string_view webhook = robot.webhook.reveal();
  if (const auto at = webhook.find(kTokenKey); at != std::string_view::npos) {
    const auto token = webhook.substr(at + kTokenKey.size());
    if (const auto value = token.substr(0, token.find('&')); !value.empty())
      text = base::replace_all(std::move(text), value, "***");
  }
  if (!robot.secret.empty()) text = base::replace_all(std::move(text), robot.secret.reveal(), "***");
  return text;
}

std::string_view name_of(TargetState state) {
  switch (state) {
    case TargetState::kOk:
      return "ok";
    case TargetState::kRetrying:
      return "retrying";
    case TargetState::kThrottled:
      return "throttled";
    case TargetState::kHeld:
      break;
  }
  return "held";
}

Courier::Courier(std::vector<Robot> robots, std::uint32_t seed) : random_(seed) {
  set_robots(std::move(robots));
}

void Courier::set_robots(std::vector<Robot> robots) {
  auto before = std::exchange(queues_, {});
  for (auto& robot : robots) {
    auto node = before.extract(robot.name);
    Queue queue = node ? std::move(node.mapped()) : Queue{};
    const bool other = !queue.robot || queue.robot->webhook != robot.webhook;
    if (other || queue.state != TargetState::kThrottled) queue.not_before = {};
    queue.failures = 0;
    queue.signed_anew = false;
    queue.quota.set_per_minute(robot.per_minute);
    auto name = robot.name;
    queue.robot = std::move(robot);
    queues_.emplace(std::move(name), std::move(queue));
  }
  for (auto& [name, queue] : before) {
    if (queue.waiting.empty() && queue.refused.empty()) continue;
    queue.robot.reset();
    queues_.emplace(name, std::move(queue));
  }
}

void Courier::restore(std::vector<Row> rows, base::Now now) {
  for (auto& row : rows) restore_row(std::move(row), now);
  std::sort(delivered_.begin(), delivered_.end());
}

void Courier::restore_row(Row row, base::Now now) {
  const auto id = row.id;
  Queue& queue = queues_[row.target];
  last_id_ = std::max(last_id_, id);
  switch (row.state) {
    case RowState::kDelivered: {
      const auto keep = left_until(row.answered + kKeepDelivered, now.wall, kKeepDelivered);
      queue.quota.restore(now.mono + keep - kKeepDelivered);
      delivered_.emplace_back(now.mono + keep, id);
      break;
    }
    case RowState::kHeld:
      queue.refused.emplace(id, now.mono + left_until(row.not_before, now.wall, kHoldMost));
      break;
    case RowState::kSending:
      queue.quota.restore(now.mono);  // the robot may have it already
      if (const auto rest = left_until(row.not_before, now.wall, kRestMost); rest.count() > 0) {
        queue.not_before = now.mono + rest;
        queue.state = TargetState::kThrottled;
      }
      enqueue(queue, row);
      break;
    case RowState::kPending:
      enqueue(queue, row);
      break;
  }
  rows_.emplace(id, std::move(row));
}

void Courier::reword(const Reword& reword) {
  for (auto& [id, row] : rows_) {
    Queue& queue = queues_.at(row.target);
    const bool waits = row.state == RowState::kPending || row.state == RowState::kHeld;
    const bool refused =
        row.state == RowState::kSending && queue.state == TargetState::kHeld && queue.in_flight != id;
    if (!waits && !refused) continue;
    auto words = reword(row);
    if (!words) continue;
    row.uuid = std::move(words->first);
    row.body = std::move(words->second);
    touched_.insert(id);
    if (refused) queue.not_before = {};  // worth a try at once
  }
}

const Row* Courier::waiting(const std::string& target, const std::string& alert) const {
  const auto queue = queues_.find(target);
  if (queue == queues_.end()) return nullptr;
  const auto at = queue->second.pending.find(alert);
  return at == queue->second.pending.end() ? nullptr : &rows_.at(at->second);
}

std::uint64_t Courier::add(Row message, base::Now now) {
  Queue& queue = queues_[message.target];
  const auto* before = waiting(message.target, message.alert);
  const auto id = before ? before->id : ++last_id_;
  message.id = id;
  message.created = before ? before->created : now.wall;
  enqueue(queue, message);
  rows_.insert_or_assign(id, std::move(message));
  touched_.insert(id);
  advance(queue, now.mono);
  return id;
}

void Courier::enqueue(Queue& queue, const Row& row) {
  queue.waiting.insert(row.id);
  if (row.state == RowState::kPending && !row.alert.empty()) queue.pending.emplace(row.alert, row.id);
}

Changes Courier::take_changes() {
  taken_.merge(std::exchange(touched_, {}));
  Changes out;
  for (const auto id : taken_) {
    if (const auto row = rows_.find(id); row != rows_.end())
      out.changed.push_back(row->second);
    else
      out.erased.push_back(id);
  }
  return out;
}

void Courier::committed() {
  taken_.clear();
}

bool Courier::ready(const Queue& queue, base::Mono now) {
  return queue.robot && !queue.in_flight && queue.not_before <= now && queue.quota.free_at(now) <= now;
}

std::optional<std::uint64_t> Courier::next_row(const Queue& queue, base::Mono now) {
  if (!queue.waiting.empty()) return *queue.waiting.begin();
  for (const auto& [id, due] : queue.refused)
    if (due <= now) return id;
  return std::nullopt;
}

// Makes the next row kSending where it could leave now, so that the coming commit lets it. Its words are
// frozen from here on: once that commit is durable it may leave, and after a crash nobody knows whether it
// did.
void Courier::advance(Queue& queue, base::Mono now) {
  if (!ready(queue, now)) return;
  const auto id = next_row(queue, now);
  if (!id) return;
  Row& row = rows_.at(*id);
  if (row.state == RowState::kSending) return;
  if (row.state == RowState::kPending) queue.pending.erase(row.alert);
  row.state = RowState::kSending;
  row.report.clear();
  touched_.insert(*id);
  queue.refused.erase(*id);
  queue.waiting.insert(*id);
}

void Courier::erase_delivered(base::Mono now) {
  for (; !delivered_.empty() && delivered_.front().first <= now; delivered_.pop_front()) {
    rows_.erase(delivered_.front().second);
    touched_.insert(delivered_.front().second);
  }
}

std::vector<Attempt> Courier::attempts(base::Now now) {
  erase_delivered(now.mono);
  std::vector<Attempt> out;
  for (auto& [name, queue] : queues_) {
    advance(queue, now.mono);
    if (queue.waiting.empty() || !ready(queue, now.mono)) continue;
    Row& row = rows_.at(*queue.waiting.begin());
    if (row.state != RowState::kSending || !durable(row.id)) continue;
    ++row.attempts;
    queue.in_flight = row.id;
    queue.quota.sent();
    const Robot& robot = *queue.robot;
    out.push_back({row.id,
                   name,
                   {signed_url(robot.webhook, robot.secret, now.wall + queue.skew), row.body, robot.proxy,
                    robot.ca_file}});
  }
  return out;
}

std::optional<base::Mono> Courier::next_deadline(base::Now now) const {
  std::optional<base::Mono> out;
  for (const auto& [name, queue] : queues_) {
    if (!queue.robot || queue.in_flight) continue;
    auto at = std::max({now.mono, queue.not_before, queue.quota.free_at(now.mono)});
    if (!queue.waiting.empty()) {
      const Row& row = rows_.at(*queue.waiting.begin());
      if (row.state == RowState::kSending && !durable(row.id)) continue;  // waits for its commit
    } else {
      auto first = base::Mono::max();
      for (const auto& [id, due] : queue.refused) first = std::min(first, due);
      at = std::max(at, first);
    }
    if (at != base::Mono::max()) out = std::min(out.value_or(at), at);
  }
  return out;
}

std::vector<TargetStatus> Courier::status(base::Now now) const {
  std::vector<TargetStatus> out;
  for (const auto& [name, queue] : queues_) {
    const auto held = queue.refused.size();
    const auto waiting = queue.waiting.size() + held;
    if (queue.robot) {
      out.push_back({name, queue.state, waiting, held, queue.quota.used(now.mono), queue.quota.left(now.mono),
                     queue.delivered, queue.last_error});
    } else if (waiting > 0) {
      out.push_back(
          {name, TargetState::kHeld, waiting, held, queue.quota.used(now.mono), 0, queue.delivered,
           LastError{std::nullopt, std::string(kNoTarget), std::string(kNoTargetRemedy), now.wall}});
    }
  }
  return out;
}

bool Courier::in_flight() const {
  return std::any_of(queues_.begin(), queues_.end(), [](const auto& each) { return each.second.in_flight; });
}

}  // namespace dingtail::deliver
