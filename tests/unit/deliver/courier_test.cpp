#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "courier_fixture.h"
#include "deliver/sign.h"

namespace dingtail::deliver {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(CourierTest, PostsNothingBeforeACommitHoldsItAsSending) {
  const auto id = add("ops", "a");
  courier.advance(now);
  EXPECT_THAT(courier.attempts(now), IsEmpty());
  const auto changes = courier.take_changes();
  ASSERT_THAT(changes.changed, SizeIs(1));
  EXPECT_EQ(changes.changed[0].id, id);
  EXPECT_EQ(changes.changed[0].state, RowState::kSending);
  EXPECT_EQ(changes.changed[0].uuid, "uuid-1");
  EXPECT_EQ(changes.changed[0].robot, key_of(robot("ops")));
  EXPECT_THAT(courier.attempts(now), IsEmpty());
  courier.committed();
  EXPECT_THAT(courier.attempts(now), SizeIs(1));
}

TEST_F(CourierTest, TellsChangesAgainUntilTheyAreCommitted) {
  add("ops", "a");
  EXPECT_THAT(courier.take_changes().changed, SizeIs(1));
  add("dba", "b");
  EXPECT_THAT(courier.take_changes().changed, SizeIs(2));
  courier.committed();
  EXPECT_THAT(courier.take_changes().changed, IsEmpty());
}

TEST_F(CourierTest, SignsWithTheSecretAndTheTimeOfTheAttempt) {
  add("ops", "a");
  const auto url = attempt().request.url;
  EXPECT_EQ(url, signed_url(robot("ops").webhook, robot("ops").secret, now.wall));
}

TEST_F(CourierTest, RetriesTheSameBytesWithTheSameUuidAndANewSignature) {
  add("ops", "a");
  const auto first = attempt();
  const auto outcome = answer(first, broken(Transport::kTimeout));
  EXPECT_EQ(outcome.robot, "ops");
  EXPECT_EQ(outcome.judgement.verdict, Verdict::kRetry);
  EXPECT_THAT(attempts(), IsEmpty());
  pass(outcome.retry_in);
  const auto second = attempt();
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.request.body, first.request.body);
  EXPECT_NE(second.request.url, first.request.url);
  commit();
  EXPECT_EQ(stored.at(first.id).uuid, "uuid-1");
}

TEST_F(CourierTest, BacksOffFromOneSecondDoublingToSixty) {
  add("ops", "a");
  std::uint32_t failures = 0;
  for (const int most : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    const auto outcome = answer(attempt(), broken(Transport::kConnect));
    EXPECT_EQ(outcome.failures, ++failures);
    const auto wait = outcome.retry_in;
    EXPECT_LE(wait, seconds(most));
    EXPECT_GE(wait, milliseconds(750) * most);
    EXPECT_EQ(courier.next_deadline(now), now.mono + wait);
    EXPECT_EQ(status("ops").state, TargetState::kRetrying);
    pass(wait);
  }
  EXPECT_EQ(answer(attempt(), errcode(0)).failures, 0U);
  EXPECT_EQ(status("ops").state, TargetState::kOk);
  add("ops", "b");
  EXPECT_LE(answer(attempt(), broken(Transport::kConnect)).retry_in, seconds(1));
}

TEST_F(CourierTest, BacksOffFromTheFirstStepAfterAReload) {
  add("ops", "a");
  for (int i = 0; i < 5; ++i) pass(answer(attempt(), broken(Transport::kConnect)).retry_in);
  configure({target("ops")});
  EXPECT_LE(answer(attempt(), broken(Transport::kConnect)).retry_in, seconds(1));
}

TEST_F(CourierTest, HasOneRequestOnItsWayAndKeepsTheOrder) {
  add("ops", "a");
  add("ops", "b");
  add("ops", "c");
  std::vector<std::string> seen;
  for (int i = 0; i < 3; ++i) {
    const auto one = attempt();
    EXPECT_THAT(attempts(), IsEmpty());
    EXPECT_TRUE(courier.in_flight());
    seen.push_back(text_of(one));
    answer(one, errcode(0));
  }
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_FALSE(courier.in_flight());
}

TEST_F(CourierTest, TakesTheNextRowToTheCommitThatHoldsTheAnswer) {
  const auto a = add("ops", "a");
  const auto b = add("ops", "b");
  answer(attempt(), errcode(0));
  commit();
  EXPECT_FALSE(stored.contains(a));
  EXPECT_EQ(stored.at(b).state, RowState::kSending);
  EXPECT_THAT(courier.attempts(now), SizeIs(1));
}

TEST_F(CourierTest, DoesNotDelayOneTargetForAnother) {
  add("ops", "a");
  answer(attempt(), errcode(300005));
  add("dba", "b");
  const auto other = attempt();
  EXPECT_EQ(other.target, "dba");
  EXPECT_EQ(answer(other, errcode(0)).judgement.verdict, Verdict::kDelivered);
}

TEST_F(CourierTest, SendsNoMoreThanTheQuotaAndTheRestWhenASlotFrees) {
  configure({target("ops", 2)});
  for (const char* text : {"a", "b", "c"}) add("ops", text);
  answer(attempt(), errcode(0));
  pass(seconds(1));
  answer(attempt(), errcode(0));
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(status("ops").sent_last_minute, 2U);
  EXPECT_EQ(status("ops").quota_left, 0U);
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(59));
  pass(seconds(59));
  EXPECT_EQ(text_of(attempt()), "c");
}

TEST_F(CourierTest, SpendsNoQuotaOnWhatNeverReachedTheRobot) {
  configure({target("ops", 1)});
  add("ops", "a");
  pass(answer(attempt(), broken(Transport::kConnect)).retry_in);
  pass(answer(attempt(), broken(Transport::kOther)).retry_in);
  EXPECT_THAT(attempts(), IsEmpty());  // that one may have reached it
}

TEST_F(CourierTest, KeepsOfADeliveredMessageItsSlotAlone) {
  add("ops", "a");
  answer(attempt(), errcode(0));
  commit();
  EXPECT_THAT(stored, IsEmpty());
  ASSERT_THAT(robots, SizeIs(1));
  EXPECT_THAT(robots.begin()->second.answered, ElementsAre(std::pair(now.wall, 1U)));
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);
}

TEST_F(CourierTest, ASlotOutlivesAClockThatIsSet) {
  configure({target("ops", 1)});
  add("ops", "a");
  answer(attempt(), errcode(0));
  commit();
  for (const auto step : {minutes(2), minutes(-30)}) {
    now.wall += step;
    commit();
    pass(seconds(5));
    restart({target("ops", 1)});
    add("ops", "b");
    EXPECT_THAT(attempts(), IsEmpty());
  }
  pass(seconds(52));
  EXPECT_THAT(attempts(), SizeIs(1));
}

TEST_F(CourierTest, RepeatsAtOnceAfterARestartWhatWasOnItsWay) {
  add("ops", "a");
  add("ops", "b");
  const auto before = attempt();
  pass(seconds(5));
  restart({target("ops")});
  const auto repeated = attempt();
  EXPECT_EQ(repeated.id, before.id);
  EXPECT_EQ(repeated.request.body, before.request.body);
  EXPECT_GT(add("ops", "c"), 2U);
}

TEST_F(CourierTest, KeepsTheQuotaOverARestart) {
  configure({target("ops", 2)});
  for (const char* text : {"a", "b"}) {
    add("ops", text);
    answer(attempt(), errcode(0));
  }
  commit();
  pass(seconds(20));
  now.mono = base::Mono(seconds(3));  // the host started anew too
  restart({target("ops", 2)});
  add("ops", "c");
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(40));
}

TEST_F(CourierTest, KeepsTheSlotsOfRefusedMessagesTooOverARestart) {
  add("ops", "a");
  answer(attempt(), errcode(300005));
  commit();
  restart({target("ops", 1)});
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(60));
}

TEST_F(CourierTest, CountsForTheQuotaWhatWasOnItsWayAtARestart) {
  add("ops", "a");
  add("ops", "b");
  attempt();
  restart({target("ops", 2)});
  answer(attempt(), errcode(0));
  EXPECT_EQ(status("ops").sent_last_minute, 2U);
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(60));
}

TEST_F(CourierTest, CountsForTheQuotaWhatWasOnItsWayAtEachOfTwoRestarts) {
  add("ops", "a");
  attempt();
  restart({target("ops", 2)});
  attempt();
  restart({target("ops", 2)});
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(60));
}

TEST_F(CourierTest, ForgetsAfterARestartWhatWasAnsweredLongAgo) {
  add("ops", "a");
  answer(attempt(), errcode(0));
  commit();
  pass(hours(1));
  restart({target("dba")});
  EXPECT_EQ(status("dba").sent_last_minute, 0U);
  const auto changes = courier.take_changes();
  ASSERT_THAT(changes.robots, SizeIs(1));
  EXPECT_EQ(changes.robots[0], (RobotRecord{key_of(robot("ops")), {}, {}})) << "erased";
}

TEST_F(CourierTest, RestsWithAllRobotsWhereAnEarlierAgentKeptNone) {
  robots[""] = {"", now.wall + seconds(45), {}};
  restart({target("ops")});
  add("ops", "a");
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(45));
  EXPECT_EQ(robots[""], RobotRecord{}) << "erased";
}

TEST_F(CourierTest, RestsOnWhereAnEarlierAgentKeptNoRobotsAndASecondRestartFollows) {
  robots[""] = {"", now.wall + seconds(45), {}};
  restart({target("ops"), target("dba")});
  commit();
  EXPECT_EQ(robots[""], RobotRecord{}) << "erased";
  robots.erase("");
  pass(seconds(5));
  restart({target("ops"), target("dba")});
  for (const char* name : {"ops", "dba"}) {
    add(name, "a");
    EXPECT_EQ(status(name).state, TargetState::kThrottled);
  }
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(40));
}

TEST_F(CourierTest, HoldsATargetThatAPersonMustMendAndProbesItSlowly) {
  add("ops", "a");
  add("ops", "b");
  const auto first = attempt();
  const auto outcome = answer(first, errcode(300005, "token is not exist"));
  EXPECT_EQ(outcome.judgement.verdict, Verdict::kConfig);
  EXPECT_EQ(outcome.retry_in, minutes(10));
  EXPECT_EQ(status("ops").state, TargetState::kHeld);
  EXPECT_EQ(status("ops").queue, 2U);
  EXPECT_EQ(status("ops").last_error->errcode, 300005);
  EXPECT_EQ(status("ops").last_error->errmsg, "token is not exist");
  EXPECT_THAT(status("ops").last_error->remedy, HasSubstr("webhook"));
  pass(minutes(10) - milliseconds(1));
  EXPECT_THAT(attempts(), IsEmpty());
  pass(milliseconds(1));
  const auto probe = attempt();
  EXPECT_EQ(probe.request.body, first.request.body);
  answer(probe, errcode(0));
  EXPECT_EQ(text_of(attempt()), "b");
}

TEST_F(CourierTest, AKeywordOfTheRobotIsAddedToWhatNobodyHasSeen) {
  add("ops", "a");
  add("ops", "b");
  answer(attempt(), errcode(310000, "keywords not in content"));
  auto with = target("ops");
  with.robots[0].keywords = {"alert", "告警"};
  configure({with});
  const auto again = attempt();
  EXPECT_EQ(text_of(again), "a\n\nalert");
  EXPECT_THAT(again.request.body, HasSubstr("uuid-3")) << "other bytes, another uuid";
  answer(again, errcode(0));
  EXPECT_EQ(text_of(attempt()), "b\n\nalert") << "one that was never sent too";
}

TEST_F(CourierTest, AMessageThatMayHaveArrivedKeepsItsWords) {
  add("ops", "a");
  const auto first = attempt();
  auto with = target("ops");
  with.robots[0].keywords = {"alert"};
  configure({with});  // on its way
  pass(answer(first, broken(Transport::kTimeout)).retry_in);
  configure({with});  // its outcome is unknown
  const auto second = attempt();
  EXPECT_EQ(second.request.body, first.request.body);
  answer(second, errcode(300005));  // a refusal, but not of these bytes
  configure({with});
  const auto third = attempt();
  EXPECT_EQ(third.request.body, first.request.body);
  answer(third, errcode(310000, "keywords not in content"));  // it cannot have arrived
  configure({with});
  EXPECT_EQ(text_of(attempt()), "a\n\nalert");
}

TEST_F(CourierTest, TriesAHeldTargetAtOnceAfterAReload) {
  add("ops", "a");
  answer(attempt(), errcode(300005));
  auto mended = target("ops");
  mended.robots[0].webhook = base::Secret("https://h/send?access_token=mended");
  configure({mended});
  EXPECT_EQ(courier.next_deadline(now), now.mono);
  EXPECT_THAT(attempt().request.url.reveal(), HasSubstr("access_token=mended&"));
}

TEST_F(CourierTest, LetsOthersPassAMessageThatIsRefused) {
  const auto bad = add("ops", "a");
  add("ops", "b");
  const auto outcome = answer(attempt(), errcode(430101));
  EXPECT_EQ(outcome.judgement.verdict, Verdict::kRefused);
  EXPECT_EQ(outcome.retry_in, hours(1));
  const auto next = attempt();
  EXPECT_EQ(text_of(next), "b");
  EXPECT_EQ(stored.at(bad).state, RowState::kHeld);
  answer(next, errcode(0));
  EXPECT_EQ(status("ops").state, TargetState::kOk);
  EXPECT_EQ(status("ops").held, 1U);
  EXPECT_EQ(status("ops").queue, 1U);
}

TEST_F(CourierTest, SaysWhyARobotRestsAlsoAfterARestart) {
  add("ops", "a");
  answer(attempt(), errcode(410100));
  commit();
  restart({target("ops"), target("dba")});
  EXPECT_EQ(status("ops").state, TargetState::kThrottled);
  ASSERT_TRUE(status("ops").last_error);
  EXPECT_THAT(status("ops").last_error->errmsg, testing::HasSubstr("gets too much"));
  EXPECT_THAT(status("ops").last_error->remedy, testing::HasSubstr("per_minute"));
  EXPECT_FALSE(status("dba").last_error);
}

TEST_F(CourierTest, TriesARefusedMessageAgainOnceAnHourAndOverARestart) {
  add("ops", "a");
  answer(attempt(), errcode(430101));
  commit();
  pass(minutes(30));
  restart({target("ops")});
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), now.mono + minutes(30));
  pass(minutes(30));
  const auto probe = attempts();
  ASSERT_THAT(probe, SizeIs(1));
  answer(probe[0], errcode(0));
  EXPECT_EQ(status("ops").queue, 0U);
}

TEST_F(CourierTest, TakesAnUnknownErrcodeThreeTimesInARowForARefusal) {
  add("ops", "a");
  for (int i = 0; i < 2; ++i) {
    const auto outcome = answer(attempt(), errcode(777777));
    EXPECT_EQ(outcome.judgement.verdict, Verdict::kRetry);
    pass(outcome.retry_in);
  }
  const auto outcome = answer(attempt(), errcode(777777));
  EXPECT_EQ(outcome.judgement.verdict, Verdict::kRefused);
  EXPECT_EQ(outcome.retry_in, hours(1));
}

TEST_F(CourierTest, TriesARobotSlowlyThatGivesEachMessageAnUnknownErrcode) {
  for (int i = 0; i < 30; ++i) add("ops", std::to_string(i));
  int posted = 0;
  int held_at = 0;
  for (const auto end = now.mono + hours(2); now.mono < end; pass(*courier.next_deadline(now) - now.mono)) {
    answer(attempt(), errcode(123456));
    ++posted;
    if (held_at == 0 && status("ops").state == TargetState::kHeld) held_at = posted;
  }
  EXPECT_EQ(held_at, 15) << "five messages, three times each";
  EXPECT_GE(posted, 15 + 10 * 3);
  EXPECT_LE(posted, 15 + 11 * 3) << "then one each ten minutes";
  EXPECT_EQ(status("ops").queue, 30U);
  pass(minutes(10));
  answer(attempt(), errcode(0));
  EXPECT_EQ(status("ops").state, TargetState::kOk);
  EXPECT_THAT(attempts(), SizeIs(1)) << "mended";
}

TEST_F(CourierTest, CountsUnknownErrcodesOnlyWhereTheyFollowEachOther) {
  add("ops", "a");
  for (const int code : {777777, 777777, -1, 777777, 777777}) {
    const auto outcome = answer(attempt(), errcode(code));
    EXPECT_EQ(outcome.judgement.verdict, Verdict::kRetry);
    pass(outcome.retry_in);
  }
}

TEST_F(CourierTest, RestsTenToTwentyMinutesAtRandomAfterAThrottle) {
  std::set<base::Millis> rests;
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    courier = Courier(uuids, seed);
    configure({target("ops")});
    add("ops", "a");
    const auto rest = answer(attempt(), errcode(130101)).retry_in;
    EXPECT_GE(rest, minutes(10));
    EXPECT_LE(rest, minutes(20));
    rests.insert(rest);
    EXPECT_EQ(status("ops").state, TargetState::kThrottled);
    EXPECT_EQ(courier.next_deadline(now), now.mono + rest);
  }
  EXPECT_GT(rests.size(), 40U);
}

TEST_F(CourierTest, RestsForEachAnswerThatSaysTooMuch) {
  HttpAnswer shield;
  shield.status = 200;
  shield.body = R"({"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"})";
  for (const auto& too_much : {errcode(410100), errcode(130101), errcode(450101), shield}) {
    courier = Courier(uuids, 1);
    configure({target("ops")});
    add("ops", "a");
    EXPECT_GE(answer(attempt(), too_much).retry_in, minutes(10)) << too_much.body;
    pass(minutes(10) - milliseconds(1));
    EXPECT_THAT(attempts(), IsEmpty()) << too_much.body;
  }
}

TEST_F(CourierTest, RestsOnOverAReloadAndARestart) {
  add("ops", "a");
  const auto rest = answer(attempt(), errcode(410100)).retry_in;
  commit();
  configure({target("ops")});
  EXPECT_THAT(attempts(), IsEmpty());
  restart({target("ops")});
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(status("ops").state, TargetState::kThrottled);
  pass(rest);
  EXPECT_EQ(text_of(attempt()), "a");
}

TEST_F(CourierTest, SignsByTheServersClockAfterAnInvalidTimestamp) {
  add("ops", "a");
  auto stale = errcode(310000, "invalid timestamp");
  stale.date = now.wall + hours(3);
  const auto outcome = answer(attempt(), stale);
  EXPECT_EQ(outcome.judgement.verdict, Verdict::kRetry);
  EXPECT_LE(outcome.retry_in, seconds(1));
  pass(outcome.retry_in);
  const auto second = attempt();
  EXPECT_EQ(second.request.url, signed_url(robot("ops").webhook, robot("ops").secret, now.wall + hours(3)));
  answer(second, errcode(0));
  add("ops", "b");
  EXPECT_EQ(attempt().request.url,
            signed_url(robot("ops").webhook, robot("ops").secret, now.wall + hours(3)));
}

TEST_F(CourierTest, HoldsTheTargetWhenASecondTimestampIsInvalidToo) {
  add("ops", "a");
  pass(answer(attempt(), errcode(310000, "invalid timestamp")).retry_in);
  const auto outcome = answer(attempt(), errcode(310000, "invalid timestamp"));
  EXPECT_EQ(outcome.judgement.verdict, Verdict::kConfig);
  EXPECT_THAT(status("ops").last_error->remedy, HasSubstr("NTP"));
}

TEST_F(CourierTest, FollowsTheClockAgainWhenItIsMended) {
  add("ops", "a");
  auto stale = errcode(310000, "invalid timestamp");
  stale.date = now.wall + hours(3);
  pass(answer(attempt(), stale).retry_in);
  answer(attempt(), errcode(0));
  now.wall += hours(3);
  add("ops", "b");
  stale.date = now.wall;
  const auto outcome = answer(attempt(), stale);
  EXPECT_LE(outcome.retry_in, seconds(1));
  pass(outcome.retry_in);
  EXPECT_EQ(attempt().request.url, signed_url(robot("ops").webhook, robot("ops").secret, now.wall));
}

TEST_F(CourierTest, KeepsAndShowsTheRowsOfATargetThatIsGone) {
  add("ops", "a");
  configure({target("dba")});
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);
  EXPECT_EQ(status("ops").state, TargetState::kHeld);
  EXPECT_EQ(status("ops").queue, 1U);
  EXPECT_TRUE(status("ops").gone);
  EXPECT_FALSE(status("dba").gone);
  EXPECT_THAT(status("ops").last_error->errmsg, HasSubstr("no such target"));
  EXPECT_THAT(stored, SizeIs(1));
  configure({target("ops")});
  EXPECT_EQ(text_of(attempt()), "a");
}

TEST_F(CourierTest, TakesTheAnswerToAMessageWhoseTargetWentInTheMeantime) {
  add("ops", "a");
  const auto on_its_way = attempt();
  configure({});
  EXPECT_EQ(answer(on_its_way, errcode(0)).judgement.verdict, Verdict::kDelivered);
  EXPECT_THAT(courier.status(now), IsEmpty());
}

TEST_F(CourierTest, ShowsNoTokenOrSecretThatAServerEchoes) {
  add("ops", "a");
  const auto outcome = answer(attempt(), errcode(300005, "token-of-ops, secret-of-ops not known"));
  for (const auto& errmsg : {outcome.judgement.errmsg, status("ops").last_error->errmsg}) {
    EXPECT_THAT(errmsg, Not(HasSubstr("token-of-ops")));
    EXPECT_THAT(errmsg, Not(HasSubstr("secret-of-ops")));
    EXPECT_THAT(errmsg, HasSubstr("not known"));
  }
}

TEST_F(CourierTest, ShowsNoPartOfATokenThatAServerEchoesInALongAnswer) {
  const std::string echoed = "token-of-ops secret-of-ops";
  for (std::size_t before = 270; before < 310; ++before) {
    courier = Courier(uuids, 1);
    configure({target("ops")});
    add("ops", "a");
    const auto errmsg =
        answer(attempt(), errcode(300005, std::string(before, 'x') + ' ' + echoed)).judgement.errmsg;
    EXPECT_THAT(errmsg, Not(AnyOf(HasSubstr("tok"), HasSubstr("sec")))) << before;
    EXPECT_LE(errmsg.size(), 300U);
  }
}

TEST_F(CourierTest, ShowsNoTokenThatAServerEchoesAfterTheTargetGotAnotherRobot) {
  add("ops", "a");
  const auto on_its_way = attempt();
  auto other = target("ops");
  other.robots = {robot("other")};
  configure({other});
  const auto outcome = answer(on_its_way, errcode(300005, "token-of-ops, secret-of-ops not known"));
  EXPECT_EQ(outcome.judgement.errmsg, "***, *** not known");
}

TEST_F(CourierTest, HasNoDeadlineWhenNothingWaits) {
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);
  add("ops", "a");
  EXPECT_EQ(courier.next_deadline(now), now.mono);
  courier.advance(now);
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);  // for its commit, not for time
  attempt();
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);  // for its answer
}

}  // namespace
}  // namespace dingtail::deliver
