// A person's own messages.
#include <algorithm>

#include "deliver/courier.h"

namespace dingtail::deliver {

std::optional<std::uint64_t> Courier::add_urgent(Post post, base::Now now) {
  if (!best_state(post.target, now.mono)) return std::nullopt;
  const auto id = outbox_.add_urgent(std::move(post), now);
  urgent_.insert(id);
  return id;
}

bool Courier::cancel(std::uint64_t id) {
  if (!outbox_.has(id) || outbox_.at(id).state != RowState::kPending) return false;
  urgent_.erase(id);
  outbox_.erase(id);
  return true;
}

std::optional<std::uint64_t> Courier::choose_urgent(const Lane& lane, base::Mono now) {
  for (const auto id : urgent_)
    if (const Row& row = outbox_.at(id);
        row.state == RowState::kPending && takes_urgent(lane, row.target, now))
      return outbox_.freeze(id);
  return std::nullopt;
}

// Of its robots that do not rest; nothing where all do.
std::optional<TargetState> Courier::best_state(const std::string& target, base::Mono now) const {
  std::optional<TargetState> out;
  for (const auto& [lane, way] : ways_of(target))
    if (lane->rests_until <= now) out = std::min(out.value_or(way->state), way->state);
  return out;
}

bool Courier::takes_urgent(const Lane& lane, const std::string& target, base::Mono now) const {
  const auto way = lane.ways.find(target);
  return way != lane.ways.end() && lane.rests_until <= now && way->second.state == best_state(target, now);
}

// True: it was not taken, and waits for a robot that is better than this one has turned out to be.
bool Courier::pass_on(std::uint64_t id, TargetState state, const Judgement& judgement, base::Mono now) {
  if (!urgent_.contains(id) || !another_may_take(judgement)) return false;
  const auto best = best_state(outbox_.at(id).target, now);
  if (!best || *best >= state) return false;
  outbox_.thaw_urgent(id);
  return true;
}

}  // namespace dingtail::deliver
