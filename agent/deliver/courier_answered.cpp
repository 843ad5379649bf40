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
  const Robot robot = *std::exchange(lane.in_flight, std::nullopt);
  Outcome out;
  out.judgement = judge(answer, secrets_of(robot));
  auto& judgement = out.judgement;
  count_answer(lane, judgement.reach, now);
  const auto here = lane.ways.find(target);
  Way gone;  // the target, or it goes through other robots now
  Way& way = here == lane.ways.end() ? gone : here->second;
  out.target = target;
  out.robot = robot.name;
  reconsider(lane, way, judgement, answer, now);
  out.retry_in = settle_way(lane, way, judgement, now);
  out.failures = way.failures;
  if (judgement.verdict != Verdict::kDelivered) {
    auto& last_error = judgement.verdict == Verdict::kThrottled ? lane.last_error : way.last_error;
    last_error = {judgement.errcode, judgement.errmsg, std::string(judgement.remedy), now.wall};
  }
  out.passed_on = pass_on(id, state_of(lane, way, now.mono), judgement, now.mono);
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
void Courier::reconsider(Lane& lane, Way& way, Judgement& judgement, const HttpAnswer& answer,
                         base::Now now) {
  if (judgement.stale_signature) {
    if (answer.date) lane.skew = *answer.date - now.wall;
    if (!std::exchange(way.signed_anew, true)) {
      judgement.verdict = Verdict::kRetry;
      way.failures = 0;
    }
  }
  way.tries = judgement.tries == 0 ? 0 : way.tries + 1;
  if (judgement.tries != 0 && way.tries >= judgement.tries) {
    judgement.verdict = Verdict::kRefused;
    way.tries = 0;
    ++way.ends;
  }
}

// Does for the way what the verdict says; returns the time to the message's next attempt.
base::Millis Courier::settle_way(Lane& lane, Way& way, const Judgement& judgement, base::Now now) {
  base::Millis wait = judgement.wait;
  switch (judgement.verdict) {
    case Verdict::kDelivered:
      lane.digest_next = false;
      way.signed_anew = false;
      way.ends = 0;
      [[fallthrough]];
    case Verdict::kRefused:
      way.state = TargetState::kOk;
      way.not_before = {};
      way.failures = 0;
      if (judgement.tries != 0 && way.ends >= kMostEnds) wait_for_a_person(way, now);
      return wait;
    case Verdict::kThrottled:
      wait = random(wait, kRestMost);
      rest(lane, wait, now);
      lane.record.rests_until = now.wall + wait;
      records_.touch(lane.record.key);
      way.state = TargetState::kOk;
      way.not_before = {};
      return wait;
    case Verdict::kConfig:
      way.state = TargetState::kHeld;
      break;
    case Verdict::kRetry:
      way.state = TargetState::kRetrying;
      wait = std::max(back_off(way.failures++), judgement.retry_after);
      break;
  }
  way.not_before = now.mono + wait;
  return wait;
}

// An errcode that no message gets past is the way's. Each is set aside all the same: it might be theirs.
void Courier::wait_for_a_person(Way& way, base::Now now) {
  way.state = TargetState::kHeld;
  way.not_before = now.mono + kBetweenEnds;
}

void Courier::rest(Lane& lane, base::Millis wait, base::Now now) {
  lane.rests_until = now.mono + wait;
  lane.digest_next = true;
}

TargetState Courier::state_of(const Lane& lane, const Way& way, base::Mono now) {
  return lane.rests_until > now ? TargetState::kThrottled : way.state;
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
