// Several targets of one robot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "courier_fixture.h"

namespace dingtail::deliver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

class SharedTest : public CourierTest {
 protected:
  SharedTest() { configure({{"one", {robot("a")}, 18, {}}, {"two", {robot("a")}, 2, {}}}); }
};

TEST_F(SharedTest, TheRobotHasOneMessageAtATimeAndTheLeastQuota) {
  add("one", "1");
  add("two", "2");
  add("one", "3");
  const auto first = attempt();
  EXPECT_EQ(text_of(first), "1");
  EXPECT_THAT(attempts(), IsEmpty());
  answer(first, errcode(0));
  const auto second = attempt();
  EXPECT_EQ(text_of(second), "2") << "the oldest of both";
  answer(second, errcode(0));
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(60));
  EXPECT_EQ(status("one").quota_left, 0U);
  EXPECT_EQ(status("one").delivered, 1U);
  EXPECT_EQ(status("two").delivered, 1U);
}

TEST_F(SharedTest, TheRobotRestsForBoth) {
  add("one", "1");
  answer(attempt(), errcode(410100));
  add("two", "2");
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(status("two").state, TargetState::kThrottled);
}

TEST_F(SharedTest, TheRobotRestsForATargetThatIsAddedMeanwhileToo) {
  add("one", "1");
  const auto on_its_way = attempt();
  configure({{"two", {robot("a")}, 2, {}}});
  const auto rest = answer(on_its_way, errcode(410100)).retry_in;
  commit();
  restart({});
  configure({{"three", {robot("a")}, 2, {}}});
  add("three", "3");
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(status("three").state, TargetState::kThrottled);
  EXPECT_TRUE(status("three").last_error);
  EXPECT_EQ(courier.next_deadline(now), now.mono + rest);
}

// Of one robot, a target may have the wrong secret, or lack the keywords, or go through a proxy that is dead.

TEST_F(SharedTest, WhatAPersonMustMendAtOneTargetDoesNotDelayTheOther) {
  add("two", "bad");
  answer(attempt(), errcode(310000, "sign not match"));
  EXPECT_THAT(attempts(), IsEmpty());
  add("one", "good");
  const auto good = attempt();
  EXPECT_EQ(text_of(good), "good");
  answer(good, errcode(0));
  EXPECT_EQ(status("one").state, TargetState::kOk);
  EXPECT_FALSE(status("one").last_error);
  EXPECT_EQ(status("two").state, TargetState::kHeld) << "another's success says nothing of it";
  EXPECT_EQ(status("two").last_error->errmsg, "sign not match");
  EXPECT_EQ(status("two").quota_left, 0U);
  EXPECT_EQ(courier.next_deadline(now), now.mono + minutes(10));
}

TEST_F(SharedTest, TheOthersMessagePassesTheProbe) {
  add("two", "bad");
  answer(attempt(), errcode(310000, "sign not match"));
  pass(minutes(10));
  add("one", "good");
  const auto good = attempt();
  EXPECT_EQ(text_of(good), "good");
  answer(good, errcode(0));
  EXPECT_EQ(text_of(attempt()), "bad");
}

TEST_F(SharedTest, EachTargetIsTriedAfterAReload) {
  add("two", "bad");
  answer(attempt(), errcode(310000, "sign not match"));
  configure({{"one", {robot("a")}, 18, {}}, {"two", {robot("a")}, 18, {}}});
  add("one", "good");
  answer(attempt(), errcode(310000, "sign not match"));
  EXPECT_EQ(text_of(attempt()), "good");
}

TEST_F(SharedTest, WhatIsRepeatedAtOneTargetDoesNotDelayTheOther) {
  for (const auto& failure : {broken(Transport::kProxy), errcode(-1)}) {
    courier = Courier(uuids, 1);
    configure({{"one", {robot("a")}, 18, {}}, {"two", {robot("a")}, 18, {}}});
    add("two", "bad");
    const auto retry_in = answer(attempt(), failure).retry_in;
    EXPECT_EQ(status("two").state, TargetState::kRetrying);
    EXPECT_EQ(courier.next_deadline(now), now.mono + retry_in);
    for (int i = 0; i < 2; ++i) {
      add("one", "good");
      const auto good = attempt();
      EXPECT_EQ(text_of(good), "good");
      answer(good, errcode(0));
      pass(retry_in);
    }
    EXPECT_EQ(text_of(attempt()), "bad");
  }
}

TEST_F(SharedTest, ATargetInTroubleIsTriedWithinAMinuteThoughTheOtherIsNeverDone) {
  configure({{"one", {robot("a")}, 18, {}}, {"two", {robot("a")}, 18, {}}});
  add("two", "bad");
  const auto due = now.mono + answer(attempt(), broken(Transport::kConnect)).retry_in;
  for (;;) {
    add("one", "good");
    const auto next = attempt();
    if (next.target == "two") break;
    ASSERT_LT(now.mono, due + minutes(1));
    answer(next, errcode(0));
    pass(seconds(5));
  }
  EXPECT_GE(now.mono, due + minutes(1));
}

TEST_F(SharedTest, ErrcodesThatAreNotKnownCountTargetByTarget) {
  add("two", "bad");
  for (int i = 0; i < 3; ++i) {
    const auto outcome = answer(attempt(), errcode(777777));
    EXPECT_EQ(outcome.judgement.verdict, i < 2 ? Verdict::kRetry : Verdict::kRefused);
    add("one", "good");
    answer(attempt(), errcode(0));
    pass(seconds(60));
  }
}

// A pool of two robots, and a target with one of them.
class SharedPoolTest : public CourierTest {
 protected:
  SharedPoolTest() { configure({{"pool", {robot("a"), robot("b")}, 18, {}}, {"one", {robot("a")}, 18, {}}}); }
  static bool through_a(const Attempt& attempt) {
    return attempt.request.url.reveal().find("token-of-a") != std::string::npos;
  }
  // Attempts one of the pool's through "a", with that answer.
  Attempt pool_through_a(const HttpAnswer& with) {
    add("pool", "1");
    add("pool", "2");
    auto both = attempts();
    EXPECT_THAT(both, SizeIs(2));
    if (!through_a(both.front())) std::swap(both.front(), both.back());
    answer(both.back(), errcode(0));
    answer(both.front(), with);
    return both.front();
  }
  void refuse_one() {
    add("one", "bad");
    const auto bad = attempt();
    EXPECT_EQ(bad.target, "one");
    answer(bad, errcode(310000, "sign not match"));
  }
};

TEST_F(SharedPoolTest, ThePoolKeepsARobotThatIsHeldForAnotherTarget) {
  refuse_one();
  EXPECT_EQ(status("pool").quota_left, 17U + 18U);
  add("pool", "1");
  add("pool", "2");
  EXPECT_THAT(attempts(), SizeIs(2));
}

TEST_F(SharedPoolTest, WhatARobotMayHaveTakenWaitsForItThoughItIsHeldForAnotherTarget) {
  const auto unsure = pool_through_a(broken(Transport::kTimeout));
  refuse_one();
  EXPECT_THAT(attempts(), IsEmpty());
  pass(seconds(1));
  const auto again = attempt();
  EXPECT_EQ(again.id, unsure.id);
  EXPECT_TRUE(through_a(again));
}

TEST_F(SharedPoolTest, WhatARobotMayHaveTakenLeavesThroughAnotherWhereItIsHeldForThatTargetAlone) {
  const auto unsure = pool_through_a(broken(Transport::kTimeout));
  pass(seconds(1));
  answer(attempt(), errcode(310000, "sign not match"));
  add("one", "good");
  auto both = attempts();
  ASSERT_THAT(both, SizeIs(2));
  for (const auto& each : both) EXPECT_EQ(through_a(each), each.target == "one");
}

TEST_F(SharedPoolTest, APersonsOwnMessageGoesByHowItsOwnTargetIs) {
  refuse_one();
  add("pool", "1");
  add("pool", "2");
  for (const auto& each : attempts())
    if (through_a(each)) answer(each, errcode(0));
  ASSERT_TRUE(courier.add_urgent(post("pool", "mine"), now));
  const auto mine = attempt();
  EXPECT_EQ(text_of(mine), "mine");
  EXPECT_TRUE(through_a(mine));
}

}  // namespace
}  // namespace dingtail::deliver
