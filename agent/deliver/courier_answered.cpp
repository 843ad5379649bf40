// What follows from an answer.
#include <algorithm>
#include <cassert>
#include <utility>

#include "deliver/courier.h"

namespace dingtail::deliver {
namespace {

constexpr base::Millis kBackOffFirst = std::chrono::seconds(1);
constexpr base::Millis kBackOffMost = std::chrono::seconds(60);
constexpr std::uint32_t kMostEnds = 5;  // messages that got no further
constexpr base::Millis kBetweenEnds = std::chrono::minutes(10);

// What was refused (dingtalk.md, section 8), where other words may pass.
std::optional<Outbox::Refusal> refusal_of(const Judgement& judgement) {
  if (!judgement.errcode) return Outbox::Refusal::kSize;  // HTTP 413
  if (*judgement.errcode == 460101 || *judgement.errcode == 101002) return Outbox::Refusal::kSize;
  if (*judgement.errcode >= 430101 && *judgement.errcode <= 430104) return Outbox::Refusal::kContent;
  return std::nullopt;
}

}  // namespace

Outcome Courier::answered(std::uint64_t id, const HttpAnswer& answer, base::Now now) {
  follow_clock(now);
  const std::string target = outbox_.at(id).target;
  auto& lane = lanes_.at(outbox_.at(id).robot);
  assert(lane.in_flight && lane.row == id);
  lane.row.reset();
  lane.in_flight = false;
  Outcome out;
  out.judgement = judge(answer);
  auto& judgement = out.judgement;
  count_answer(lane, judgement.reach, now);
  const auto* robot = robot_of(target, lane.record.key);
  out.target = target;
  out.robot = robot ? robot->name : target;
  if (robot) judgement.errmsg = without_secrets(std::move(judgement.errmsg), *robot);
  reconsider(lane, judgement, answer, now);
  out.retry_in = settle_robot(lane, judgement, now);
  out.failures = lane.failures;
  if (judgement.verdict != Verdict::kDelivered)
    lane.last_error = {judgement.errcode, judgement.errmsg, std::string(judgement.remedy), now.wall};
  out.passed_on = pass_on(id, lane, judgement, now.mono);
  if (!out.passed_on) out.reworded = settle_row(id, judgement, now);
  out.held = outbox_.queues().at(target).held.size();
  return out;
}

void Courier::count_answer(Lane& lane, Reach reach, base::Now now) {
  if (reach == Reach::kNotSent) return lane.quota.not_sent();
  lane.quota.answered(now.mono);
  record_slot(lane, now);
}

// By the second after it, so that a record stays small.
void Courier::record_slot(Lane& lane, base::Now now) {
  auto& answered = lane.record.answered;
  ++answered[std::chrono::ceil<std::chrono::seconds>(now.wall)];
  std::erase_if(answered, [&](const auto& second) { return second.first + Quota::kWindow <= now.wall; });
  records_.touch(lane.record.key);
}

// What one answer alone cannot tell: whether a better clock helps, and whether a passing trouble passes.
void Courier::reconsider(Lane& lane, Judgement& judgement, const HttpAnswer& answer, base::Now now) {
  if (judgement.stale_signature) {
    if (answer.date) lane.skew = *answer.date - now.wall;
    if (!std::exchange(lane.signed_anew, true)) {
      judgement.verdict = Verdict::kRetry;
      lane.failures = 0;
    }
  }
  lane.tries = judgement.tries == 0 ? 0 : lane.tries + 1;
  if (judgement.tries != 0 && lane.tries >= judgement.tries) {
    judgement.verdict = Verdict::kRefused;
    lane.tries = 0;
    ++lane.ends;
  }
}

// Does for the robot what the verdict says; returns the time to the message's next attempt.
base::Millis Courier::settle_robot(Lane& lane, const Judgement& judgement, base::Now now) {
  base::Millis wait = judgement.wait;
  switch (judgement.verdict) {
    case Verdict::kDelivered:
      lane.signed_anew = false;
      lane.digest_next = false;
      lane.ends = 0;
      [[fallthrough]];
    case Verdict::kRefused:
      lane.state = TargetState::kOk;
      lane.not_before = {};
      lane.failures = 0;
      if (judgement.tries != 0 && lane.ends >= kMostEnds) wait_for_a_person(lane, now);
      return wait;
    case Verdict::kThrottled:
      wait = random(wait, kRestMost);
      rest(lane, wait, now);
      lane.record.rests_until = now.wall + wait;
      records_.touch(lane.record.key);
      return wait;
    case Verdict::kConfig:
      lane.state = TargetState::kHeld;
      break;
    case Verdict::kRetry:
      lane.state = TargetState::kRetrying;
      wait = std::max(back_off(lane.failures++), judgement.retry_after);
      break;
  }
  lane.not_before = now.mono + wait;
  return wait;
}

// An errcode that no message gets past is the robot's. Each is set aside all the same: it might be theirs.
void Courier::wait_for_a_person(Lane& lane, base::Now now) {
  lane.state = TargetState::kHeld;
  lane.not_before = now.mono + kBetweenEnds;
}

void Courier::rest(Lane& lane, base::Millis wait, base::Now now) {
  lane.state = TargetState::kThrottled;
  lane.not_before = now.mono + wait;
  lane.digest_next = true;
}

// Its state stays until the next answer, which may be long after the rest.
bool Courier::rests(const Lane& lane, base::Mono now) {
  return lane.state == TargetState::kThrottled && lane.not_before > now;
}

TargetState Courier::state_of(const Lane& lane, base::Mono now) {
  const bool rested = lane.state == TargetState::kThrottled && !rests(lane, now);
  return rested ? TargetState::kOk : lane.state;
}

// Does the same for the message; true where it will say other words.
bool Courier::settle_row(std::uint64_t id, const Judgement& judgement, base::Now now) {
  const bool delivered = judgement.verdict == Verdict::kDelivered;
  if (delivered) ++delivered_[outbox_.at(id).target];
  if (urgent_.erase(id) > 0 || delivered) {
    outbox_.erase(id);
    return false;
  }
  if (judgement.verdict == Verdict::kRefused) {
    const auto refusal = refusal_of(judgement);
    if (refusal && outbox_.reword(id, *refusal)) return true;
    outbox_.hold(id, now, judgement.wait);
    return false;
  }
  if (judgement.reach == Reach::kUnknown) outbox_.mark_unsure(id);
  if (judgement.verdict == Verdict::kRetry || outbox_.at(id).unsure)
    outbox_.release(id);
  else
    outbox_.thaw(id);
  return false;
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
