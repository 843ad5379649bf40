// Several robots of one target.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "courier_fixture.h"

namespace dingtail::deliver {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string robot_of(const Attempt& attempt) {
  const auto& url = attempt.request.url.reveal();
  return url.substr(url.find("token-of-") + 9, 1);
}

class PoolTest : public CourierTest {
 protected:
  PoolTest() { configure({pool()}); }
  static Target pool() { return {"ops", {robot("a"), robot("b")}, 18, {}}; }
  // With two that wait, each robot has one of them.
  std::map<std::string, Attempt> both() {
    add("ops", "one");
    add("ops", "two");
    std::map<std::string, Attempt> out;
    for (auto& each : attempts()) out[robot_of(each)] = each;
    EXPECT_THAT(out, SizeIs(2));
    return out;
  }
};

TEST_F(PoolTest, EachHasAMessageAtATime) {
  auto on_their_way = both();
  add("ops", "three");
  EXPECT_THAT(attempts(), IsEmpty());
  answer(on_their_way["b"], errcode(0));
  EXPECT_EQ(robot_of(attempt()), "b");
}

TEST_F(PoolTest, WhatOneDidNotTakeForSureTheOtherTakesAsItIs) {
  for (const auto& failure : {broken(Transport::kConnect), errcode(-1), errcode(410100), errcode(300005)}) {
    courier = Courier(uuids, 1);
    configure({pool()});
    auto on_their_way = both();
    answer(on_their_way["b"], errcode(0));
    answer(on_their_way["a"], failure);
    const auto again = attempt();
    EXPECT_EQ(robot_of(again), "b");
    EXPECT_EQ(again.request.body, on_their_way["a"].request.body);
  }
}

TEST_F(PoolTest, WhatOneMayHaveTakenWaitsForItWhileTheOtherCarriesOn) {
  auto on_their_way = both();
  answer(on_their_way["b"], errcode(0));
  const auto outcome = answer(on_their_way["a"], broken(Transport::kTimeout));
  EXPECT_THAT(attempts(), IsEmpty()) << "not through the other: it might show twice";
  add("ops", "three");
  const auto other = attempt();
  EXPECT_EQ(robot_of(other), "b");
  EXPECT_EQ(text_of(other), "three");
  pass(outcome.retry_in);
  const auto again = attempt();
  EXPECT_EQ(robot_of(again), "a");
  EXPECT_EQ(again.request.body, on_their_way["a"].request.body);
}

TEST_F(PoolTest, WhatOneMayHaveTakenThatAPersonMustMendLeavesThroughAnother) {
  auto with = pool();
  with.robots[0].keywords = {"alpha"};
  with.robots[1].keywords = {"beta"};
  configure({with});
  auto on_their_way = both();
  answer(on_their_way["b"], errcode(0));
  pass(answer(on_their_way["a"], broken(Transport::kTimeout)).retry_in);
  const auto again = attempt();
  EXPECT_EQ(again.request.body, on_their_way["a"].request.body);
  answer(again, errcode(400106));
  const auto other = attempt();
  EXPECT_EQ(robot_of(other), "b");
  EXPECT_EQ(other.id, again.id);
  EXPECT_EQ(text_of(other), text_of(again) + "\n\nbeta") << "that robot cannot have it: it gets its keyword";
  pass(answer(other, broken(Transport::kTimeout)).retry_in);
  const auto last = attempt();
  EXPECT_EQ(robot_of(last), "b") << "now this one may have taken it";
  EXPECT_EQ(last.request.body, other.request.body);
}

TEST_F(PoolTest, WhatWasOnItsWayAtARestartIsRepeatedThroughItsRobot) {
  auto on_their_way = both();
  answer(on_their_way["a"], errcode(0));
  commit();
  restart({pool()});
  const auto again = attempt();
  EXPECT_EQ(robot_of(again), "b");
  EXPECT_EQ(again.id, on_their_way["b"].id);
}

TEST_F(PoolTest, WhatARobotMayHaveTakenThatIsGoneLeavesThroughAnother) {
  auto on_their_way = both();
  commit();
  restart({{"ops", {robot("a")}, 18, {}}});
  std::set<std::string> bodies;
  for (int i = 0; i < 2; ++i) {
    const auto one = attempt();
    bodies.insert(one.request.body);
    answer(one, errcode(0));
  }
  EXPECT_EQ(bodies, (std::set{on_their_way["a"].request.body, on_their_way["b"].request.body}));
}

TEST_F(PoolTest, AnotherRobotsKeywordMakesItAnotherMessage) {
  auto with = pool();
  with.robots[0].keywords = {"alpha"};
  with.robots[1].keywords = {"beta"};
  configure({with});
  auto on_their_way = both();
  answer(on_their_way["b"], errcode(0));
  const auto failed = on_their_way["a"];
  EXPECT_THAT(text_of(failed), HasSubstr("\n\nalpha"));
  answer(failed, broken(Transport::kConnect));
  const auto again = attempt();
  EXPECT_EQ(text_of(again), text_of(failed) + "\n\nbeta");
  EXPECT_NE(again.request.body.substr(again.request.body.find("msgUuid")),
            failed.request.body.substr(failed.request.body.find("msgUuid")));
}

TEST_F(PoolTest, ItIsAsWellAsItsBestRobot) {
  auto on_their_way = both();
  answer(on_their_way["a"], errcode(300005, "token is not exist"));
  EXPECT_EQ(status("ops").state, TargetState::kOk);
  EXPECT_EQ(status("ops").last_error->errmsg, "token is not exist");
  EXPECT_EQ(status("ops").sent_last_minute, 2U);
  EXPECT_EQ(status("ops").quota_left, 17U) << "of the one that may send";
  answer(on_their_way["b"], errcode(410100));
  EXPECT_EQ(status("ops").state, TargetState::kThrottled);
  EXPECT_EQ(status("ops").queue, 2U);
  EXPECT_EQ(status("ops").quota_left, 0U);
}

// ---- a person's own message

class PersonsOwnTest : public PoolTest {
 protected:
  // One robot of a pool with so many messages a minute is held; it has a slot, the other has none.
  void hold(const std::string& held, std::uint32_t per_minute) {
    courier = Courier(uuids, 1);
    auto with = pool();
    with.per_minute = per_minute;
    configure({with});
    auto on_their_way = both();
    pass(seconds(1));
    for (auto& [name, each] : on_their_way) answer(each, errcode(name == held ? 300005 : 0));
    while (!courier.in_flight()) {
      const auto left = attempts();
      if (left.empty()) break;
      answer(left.front(), errcode(0));
    }
  }
};

TEST_F(PersonsOwnTest, GoesThroughARobotThatWorks) {
  for (const std::string held : {"a", "b"}) {
    hold(held, 18);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(courier.add_urgent(post("ops", "mine"), now));
      const auto mine = attempt();
      EXPECT_NE(robot_of(mine), held);
      EXPECT_EQ(answer(mine, errcode(0)).judgement.verdict, Verdict::kDelivered);
    }
  }
}

TEST_F(PersonsOwnTest, WaitsForTheSlotOfARobotThatWorks) {
  for (const std::string held : {"a", "b"}) {
    hold(held, 2);
    ASSERT_TRUE(courier.add_urgent(post("ops", "mine"), now));
    EXPECT_THAT(attempts(), IsEmpty());
    ASSERT_EQ(courier.next_deadline(now), now.mono + seconds(60));
    pass(seconds(60));
    EXPECT_NE(robot_of(attempt()), held);
  }
}

TEST_F(PersonsOwnTest, ProbesARobotThatIsHeldWhereNoneWorks) {
  for (const int of_the_other : {300005, 410100}) {
    hold("a", 18);
    add("ops", "alert");
    answer(attempt(), errcode(of_the_other));
    ASSERT_TRUE(courier.add_urgent(post("ops", "mine"), now));
    const auto mine = attempt();
    EXPECT_EQ(text_of(mine), "mine");
    if (of_the_other == 410100) {
      EXPECT_EQ(robot_of(mine), "a") << "the other rests";
    }
    EXPECT_FALSE(answer(mine, errcode(300005)).passed_on) << "it is as with any other";
  }
}

TEST_F(PersonsOwnTest, GoesOnToTheNextRobotWhereTheFirstDidNotTakeIt) {
  for (const auto& failure : {broken(Transport::kConnect), errcode(-1), errcode(410100), errcode(300005)}) {
    courier = Courier(uuids, 1);
    configure({pool()});
    const auto id = courier.add_urgent(post("ops", "mine"), now);
    const auto first = attempt();
    EXPECT_TRUE(answer(first, failure).passed_on);
    const auto second = attempt();
    EXPECT_EQ(second.id, *id);
    EXPECT_NE(robot_of(second), robot_of(first));
    EXPECT_EQ(second.request.body, first.request.body);
    EXPECT_FALSE(answer(second, failure).passed_on);
    EXPECT_EQ(status("ops").queue, 0U);
  }
}

TEST_F(PersonsOwnTest, GoesNoFurtherWhereARobotMayHaveItOrNoneCouldTakeIt) {
  for (const auto& failure : {broken(Transport::kTimeout), errcode(430101)}) {
    courier = Courier(uuids, 1);
    configure({pool()});
    courier.add_urgent(post("ops", "mine"), now);
    EXPECT_FALSE(answer(attempt(), failure).passed_on);
    EXPECT_EQ(status("ops").queue, 0U);
  }
}

TEST_F(PersonsOwnTest, CanBeTakenBackWhileItWaitsForTheNextRobot) {
  auto with = pool();
  with.per_minute = 1;
  configure({with});
  add("ops", "alert");
  const auto alert = attempt();
  const auto id = courier.add_urgent(post("ops", "mine"), now);
  const auto mine = attempt();
  answer(alert, errcode(0));
  EXPECT_TRUE(answer(mine, errcode(300005)).passed_on);
  EXPECT_THAT(attempts(), IsEmpty()) << "the other has no slot";
  EXPECT_TRUE(courier.cancel(*id));
  EXPECT_EQ(status("ops").queue, 0U);
}

TEST(RobotKey, IsThatOfItsAddressAndToken) {
  const auto key = [](const std::string& url) {
    auto one = robot("a");
    one.webhook = base::Secret(url);
    return key_of(one);
  };
  const auto plain = key("https://h/robot/send?access_token=abc");
  EXPECT_EQ(plain, key("https://h/robot/send?x=1&access_token=abc&timestamp=5"));
  EXPECT_NE(plain, key("https://h/robot/send?access_token=abd"));
  EXPECT_NE(plain, key("https://other/robot/send?access_token=abc"));
  EXPECT_NE(key("https://h/a"), key("https://h/b"));
}

}  // namespace
}  // namespace dingtail::deliver
