// What follows from an answer.
#include <algorithm>
#include <cassert>
#include <utility>

#include "deliver/courier.h"

namespace dingtail::deliver {
namespace {

constexpr base::Millis kBackOffFirst = std::chrono::seconds(1);
constexpr base::Millis kBackOffMost = std::chrono::seconds(60);

}  // namespace

Outcome Courier::answered(std::uint64_t id, const HttpAnswer& answer, base::Now now) {
  Row& row = rows_.at(id);
  Queue& queue = queues_.at(row.target);
  assert(queue.in_flight == id);
  queue.in_flight.reset();
  auto judgement = judge(answer);
  if (judgement.reach == Reach::kNotSent)
    queue.quota.not_sent();
  else
    queue.quota.answered(now.mono);
  if (queue.robot) judgement.errmsg = without_secrets(std::move(judgement.errmsg), *queue.robot);
  reconsider(queue, judgement, answer, now);
  const auto wait = settle(queue, row, judgement, now);
  if (judgement.verdict != Verdict::kDelivered)
    queue.last_error = {judgement.errcode, judgement.errmsg, std::string(judgement.remedy), now.wall};
  advance(queue, now.mono);
  return {row.target, std::move(judgement), wait};
}

// What one answer alone cannot tell: whether a better clock helps, and whether a passing trouble passes.
void Courier::reconsider(Queue& queue, Judgement& judgement, const HttpAnswer& answer, base::Now now) {
  if (judgement.stale_signature) {
    if (answer.date) queue.skew = *answer.date - now.wall;
    if (!std::exchange(queue.signed_anew, true)) {
      judgement.verdict = Verdict::kRetry;
      queue.failures = 0;
    }
  }
  queue.tries = judgement.tries == 0 ? 0 : queue.tries + 1;
  if (judgement.tries != 0 && queue.tries >= judgement.tries) {
    judgement.verdict = Verdict::kRefused;
    queue.tries = 0;
  }
}

// Does what the verdict says; returns the time to the row's next attempt.
base::Millis Courier::settle(Queue& queue, Row& row, const Judgement& judgement, base::Now now) {
  base::Millis wait = judgement.wait;
  switch (judgement.verdict) {
    case Verdict::kDelivered:
      row.state = RowState::kDelivered;
      row.answered = now.wall;
      delivered_.emplace_back(now.mono + kKeepDelivered, row.id);
      queue.signed_anew = false;
      ++queue.delivered;
      break;
    case Verdict::kRefused:
      row.state = RowState::kHeld;
      row.not_before = now.wall + wait;
      queue.refused.emplace(row.id, now.mono + wait);
      break;
    case Verdict::kRetry:
      wait = std::max(back_off(queue.failures), judgement.retry_after);
      ++queue.failures;
      queue.state = TargetState::kRetrying;
      queue.not_before = now.mono + wait;
      return wait;
    case Verdict::kThrottled:
      wait = random(wait, kRestMost);
      row.not_before = now.wall + wait;
      touched_.insert(row.id);
      queue.state = TargetState::kThrottled;
      queue.not_before = now.mono + wait;
      return wait;
    case Verdict::kConfig:
      queue.state = TargetState::kHeld;
      queue.not_before = now.mono + wait;
      return wait;
  }
  // The row has left the queue, and the robot works.
  touched_.insert(row.id);
  queue.waiting.erase(row.id);
  queue.state = TargetState::kOk;
  queue.failures = 0;
  return wait;
}

base::Millis Courier::back_off(std::uint32_t failures) {
  auto most = kBackOffFirst;
  for (; failures > 0 && most < kBackOffMost; --failures) most *= 2;
  most = std::min(most, kBackOffMost);
  return random(most * 3 / 4, most);
}

base::Millis Courier::random(base::Millis least, base::Millis most) {
  return base::Millis(std::uniform_int_distribution(least.count(), most.count())(random_));
}

}  // namespace dingtail::deliver
