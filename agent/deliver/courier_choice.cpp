// Which message a robot takes next, and when.
#include <algorithm>
#include <utility>

#include "deliver/courier.h"

namespace dingtail::deliver {
namespace {

constexpr std::int64_t kSecurityCheck = 310000;
constexpr base::Millis kBehindOthers = std::chrono::minutes(1);

}  // namespace

void Courier::advance(base::Now now) {
  follow_clock(now);
  for (auto& [key, lane] : lanes_) {
    if (lane.row || lane.quota.free_at(now.mono) > now.mono) continue;
    const auto id = choose(key, lane, now);
    if (!id) continue;
    const auto& row = outbox_.at(*id);
    const auto& way = lane.ways.at(row.target);
    // One whose outcome is unknown keeps its bytes, unless the robot cannot have taken them.
    const bool refused = way.last_error && way.last_error->errcode == kSecurityCheck;
    if (!row.unsure || refused || row.robot != key) outbox_.add_keyword(*id, way.robot.keywords);
    outbox_.give(*id, key);
    lane.row = id;
  }
}

// A target in trouble comes after the others: its attempt may take long and come to nothing. Not for ever, as
// these may never be done.
std::optional<std::uint64_t> Courier::choose(const std::string& key, const Lane& lane, base::Now now) {
  if (const auto id = choose_urgent(lane, now.mono)) return id;
  Queues first;
  Queues last;
  for (const auto& [name, way] : lane.ways) {
    const auto queue = outbox_.queues().find(name);
    if (queue == outbox_.queues().end() || open_at(lane, way) > now.mono) continue;
    const bool behind = way.state != TargetState::kOk && way.not_before + kBehindOthers > now.mono;
    (behind ? last : first).push_back(&queue->second);
  }
  const auto id = choose_of(first, key, lane, now);
  return id ? id : choose_of(last, key, lane, now);
}

// What was attempted before; of the others that of the most severe message, of equal ones the oldest; at last
// what was refused for what it says.
std::optional<std::uint64_t> Courier::choose_of(const Queues& queues, const std::string& key,
                                                const Lane& lane, base::Now now) {
  std::optional<std::uint64_t> frozen;
  std::optional<std::pair<int, std::uint64_t>> next;
  for (const auto* queue : queues) {
    if (const auto id = frozen_of(*queue, key)) frozen = std::min(frozen.value_or(*id), *id);
    if (queue->pending.empty()) continue;
    const auto& place = *queue->pending.begin();
    next = std::min(next.value_or(place), place);
  }
  if (frozen) return frozen;
  if (next) {
    const auto& target = targets_.at(outbox_.at(next->second).target);
    const std::size_t most = lane.digest_next ? 1 : free_slots(target.name, now.mono);
    return outbox_.freeze_next(target.name, most, target.digest, now);
  }
  for (const auto* queue : queues)
    for (const auto& [id, due] : queue->held)
      if (due <= now.mono) return outbox_.freeze(id);
  return std::nullopt;
}

std::optional<std::uint64_t> Courier::frozen_of(const Outbox::Queue& queue, const std::string& key) const {
  for (const auto id : queue.frozen)
    if (may_have(outbox_.at(id), key)) return id;
  return std::nullopt;
}

// A second robot of the group would show again what the first one may have shown: better than never, where
// that one waits for a person.
bool Courier::may_have(const Row& row, const std::string& key) const {
  if (!row.unsure || row.robot == key) return true;
  const auto* way = way_of(row.target, row.robot);
  return way == nullptr || way->state == TargetState::kHeld;
}

base::Mono Courier::open_at(const Lane& lane, const Way& way) {
  return std::max(lane.rests_until, way.not_before);
}

std::size_t Courier::free_slots(const std::string& target, base::Mono now) const {
  std::size_t out = 0;
  for (const auto& [lane, way] : ways_of(target))
    if (open_at(*lane, *way) <= now) out += lane->quota.left(now);
  return out;
}

std::optional<base::Mono> Courier::next_deadline(base::Now now) const {
  std::optional<base::Mono> out;
  for (const auto& [key, lane] : lanes_) {
    if (lane.row) continue;
    const auto work = work_for(key, lane, now.mono);
    if (work && *work != base::Mono::max()) out = std::min(out.value_or(*work), *work);
  }
  return out;
}

std::optional<base::Mono> Courier::work_for(const std::string& key, const Lane& lane, base::Mono now) const {
  const auto slot = lane.quota.free_at(now);
  std::optional<base::Mono> out;
  for (const auto& [name, way] : lane.ways) {
    const auto queue = outbox_.queues().find(name);
    if (queue == outbox_.queues().end()) continue;
    if (!queue->second.urgent.empty() && takes_urgent(lane, name, now)) return slot;
    const auto due = due_of(queue->second, key);
    if (!due) continue;
    const auto work = std::max({slot, open_at(lane, way), *due});
    out = std::min(out.value_or(work), work);
  }
  return out;
}

// From when on that robot could take one of these.
std::optional<base::Mono> Courier::due_of(const Outbox::Queue& queue, const std::string& key) const {
  if (!queue.pending.empty() || frozen_of(queue, key)) return base::Mono{};
  std::optional<base::Mono> out;
  for (const auto& [id, due] : queue.held) out = std::min(out.value_or(due), due);
  return out;
}

}  // namespace dingtail::deliver
