#include "app/delivery_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/log_lines.h"

namespace dingtail::app {
namespace {

using base::Event;
using deliver::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;

deliver::Outcome outcome(Verdict verdict) {
  deliver::Outcome out;
  out.target = "ops";
  out.robot = "ops (robot 2)";
  out.judgement.verdict = verdict;
  out.judgement.errcode = verdict == Verdict::kDelivered ? 0 : 7;
  out.judgement.errmsg = "said";
  out.judgement.remedy = "Mend it.";
  return out;
}

class DeliveryLog : public testing::Test {
 protected:
  void hear(const deliver::Outcome& outcome, bool awaited = false) { tell(lines_.log(), outcome, awaited); }
  deliver::Outcome refused(std::size_t held) {
    auto out = outcome(Verdict::kRefused);
    out.held = held;
    return out;
  }
  deliver::Outcome delivered(std::size_t held) {
    auto out = outcome(Verdict::kDelivered);
    out.held = held;
    return out;
  }

  test::LogLines lines_;
};

TEST_F(DeliveryLog, AMessageIsHeldUntilNoneIsThoughOthersAreDelivered) {
  hear(refused(1));
  const auto told = lines_.log().take_told();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].event, Event::kMessageHeld);
  EXPECT_EQ(told[0].subject, "ops");
  hear(delivered(1));
  EXPECT_THAT(lines_.log().take_told(), IsEmpty());
  hear(delivered(0));
  EXPECT_THAT(lines_.log().take_told(), ElementsAre(base::Told{Event::kMessageHeld, "ops", std::nullopt}));
  EXPECT_THAT(
      lines_.lines(),
      ElementsAre("message-held ops: errcode 7: said; Mend it.; nothing is dropped, this message is held "
                  "and others pass it",
                  "target-back ops: no message is held any more"));
}

TEST_F(DeliveryLog, ARobotIsHeldUntilItTakesAMessage) {
  hear(outcome(Verdict::kConfig));
  EXPECT_EQ(lines_.log().take_told().size(), 1U);
  hear(delivered(1));
  EXPECT_THAT(lines_.log().take_told(),
              ElementsAre(base::Told{Event::kTargetHeld, "ops (robot 2)", std::nullopt}));
  EXPECT_THAT(
      lines_.lines(),
      ElementsAre(
          "target-held ops (robot 2): errcode 7: said; Mend it.; nothing is dropped, the message is held",
          "target-back ops (robot 2): messages are delivered again"));
}

TEST_F(DeliveryLog, ARobotThatFailsAgainAndAgainIsToldLikeOneThatIsHeld) {
  auto failed = outcome(Verdict::kRetry);
  for (failed.failures = 1; failed.failures < 10; ++failed.failures) hear(failed);
  EXPECT_THAT(lines_.log().take_told(), IsEmpty());
  hear(failed);
  const auto told = lines_.log().take_told();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].event, Event::kTargetHeld);
  EXPECT_EQ(told[0].subject, "ops (robot 2)");
  EXPECT_THAT(*told[0].detail, testing::HasSubstr("said; Mend it.; 10 attempts failed"));
  hear(delivered(0));
  EXPECT_THAT(lines_.log().take_told(),
              ElementsAre(base::Told{Event::kTargetHeld, "ops (robot 2)", std::nullopt}));
}

TEST_F(DeliveryLog, WhatAPersonSentAndWaitsForIsNotHeld) {
  hear(refused(0), /*awaited=*/true);
  EXPECT_THAT(lines_.lines(), IsEmpty());
}

TEST_F(DeliveryLog, MessagesOfATargetThatIsGoneAreToldUntilItIsBack) {
  deliver::TargetStatus status;
  status.name = "old";
  status.gone = true;
  status.queue = 3;
  status.last_error = {std::nullopt, "no such target", "Configure it.", {}};
  tell_gone(lines_.log(), {status});
  tell_gone(lines_.log(), {status});
  EXPECT_THAT(lines_.lines(),
              ElementsAre("target-gone old: no such target, and messages wait for it: 3; Configure it."));
  EXPECT_EQ(lines_.log().take_told().size(), 1U);
  status.gone = false;
  tell_gone(lines_.log(), {status});
  EXPECT_THAT(lines_.log().take_told(), ElementsAre(base::Told{Event::kTargetGone, "old", std::nullopt}));
}

}  // namespace
}  // namespace dingtail::app
