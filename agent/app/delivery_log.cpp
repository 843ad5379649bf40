#include "app/delivery_log.h"

#include <string>

#include "base/time.h"

namespace dingtail::app {
namespace {

using base::Event;

constexpr std::uint32_t kFailuresToTell = 10;  // some five minutes, by the back-off

// What does not pass may be a mistake in the target, or a closed firewall.
void tell_failed(base::Log& log, const deliver::Outcome& outcome, const std::string& why) {
  log.say(Event::kDeliveryFailed, outcome.robot, why + "; nothing is dropped, it is tried again");
  if (outcome.failures == kFailuresToTell)
    log.say(Event::kTargetHeld, outcome.robot,
            why + "; " + std::to_string(kFailuresToTell) +
                " attempts failed, nothing is dropped, it is tried each minute");
}

void tell_delivered(base::Log& log, const deliver::Outcome& outcome) {
  const bool failed = log.over(Event::kDeliveryFailed, outcome.robot);
  if (log.over(Event::kTargetHeld, outcome.robot) || failed)
    log.say(Event::kTargetBack, outcome.robot, "messages are delivered again");
  if (outcome.held == 0 && log.over(Event::kMessageHeld, outcome.target))
    log.say(Event::kTargetBack, outcome.target, "no message is held any more");
}

}  // namespace

void tell(base::Log& log, const deliver::Outcome& outcome, bool awaited) {
  const auto& judgement = outcome.judgement;
  const std::string code = judgement.errcode ? "errcode " + std::to_string(*judgement.errcode) + ": " : "";
  const std::string why = code + judgement.errmsg + "; " + std::string(judgement.remedy);
  switch (judgement.verdict) {
    case deliver::Verdict::kDelivered:
      return tell_delivered(log, outcome);
    case deliver::Verdict::kThrottled:
      return log.say(Event::kTargetThrottled, outcome.robot,
                     why + "; it rests for " + base::print_duration(outcome.retry_in));
    case deliver::Verdict::kRetry:
      return tell_failed(log, outcome, why);
    case deliver::Verdict::kConfig:
      return log.say(Event::kTargetHeld, outcome.robot, why + "; nothing is dropped, the message is held");
    case deliver::Verdict::kRefused:
      break;
  }
  if (outcome.reworded)
    log.say(Event::kDeliveryFailed, outcome.robot, why + "; it is told once more, in fewer words");
  else if (!awaited)  // who waits for it is told
    log.say(Event::kMessageHeld, outcome.target,
            why + "; nothing is dropped, this message is held and others pass it");
}

void tell_gone(base::Log& log, const std::vector<deliver::TargetStatus>& targets) {
  for (const auto& target : targets) {
    if (target.gone)
      log.say(Event::kTargetGone, target.name,
              target.last_error->errmsg + ", and messages wait for it: " + std::to_string(target.queue) +
                  "; " + target.last_error->remedy);
    else
      log.over(Event::kTargetGone, target.name);
  }
}

}  // namespace dingtail::app
