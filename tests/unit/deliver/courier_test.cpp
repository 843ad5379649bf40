#include "deliver/courier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deliver/sign.h"

namespace dingtail::deliver {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Robot robot(const std::string& name, std::uint32_t per_minute = 18) {
  return {name,
          base::Secret("https://h/send?access_token=token-of-" + name),
          base::Secret("secret-of-" + name),
          per_minute,
          "",
          ""};
}

HttpAnswer errcode(int code, const std::string& errmsg = "said") {
  HttpAnswer answer;
  answer.status = 200;
  answer.body = R"({"errcode":)" + std::to_string(code) + R"(,"errmsg":")" + errmsg + R"("})";
  return answer;
}

HttpAnswer broken(Transport transport) {
  HttpAnswer answer;
  answer.transport = transport;
  answer.error = "broken";
  return answer;
}

Row message(const std::string& target, const std::string& text, const std::string& alert = "") {
  Row row;
  row.uuid = "uuid-" + text;
  row.target = target;
  row.body = R"({"text":")" + text + R"("})";
  row.alert = alert;
  row.report = alert.empty() ? "" : "report of " + text;
  return row;
}

// A courier, a clock that tests advance, and what a state store would hold.
class CourierTest : public testing::Test {
 protected:
  std::uint64_t add(const std::string& target, const std::string& text) {
    return courier.add(message(target, text), now);
  }
  void commit() {
    auto changes = courier.take_changes();
    for (auto& row : changes.changed) stored[row.id] = row;
    for (const auto id : changes.erased) stored.erase(id);
    courier.committed();
  }
  std::vector<Attempt> attempts() {
    courier.attempts(now);
    commit();
    return courier.attempts(now);
  }
  // Commits, and expects exactly one attempt.
  Attempt attempt() {
    commit();
    auto all = courier.attempts(now);
    if (all.empty()) {
      commit();
      all = courier.attempts(now);
    }
    EXPECT_THAT(all, SizeIs(1));
    return all.empty() ? Attempt{} : all.front();
  }
  void pass(base::Millis time) {
    now.mono += time;
    now.wall += time;
  }
  Outcome answer(const Attempt& attempt, const HttpAnswer& with) {
    return courier.answered(attempt.id, with, now);
  }
  TargetStatus status(const std::string& target) {
    for (auto& each : courier.status(now))
      if (each.name == target) return each;
    ADD_FAILURE() << "no status of " << target;
    return {};
  }
  std::vector<Row> rows() const {
    std::vector<Row> out;
    for (const auto& [id, row] : stored) out.push_back(row);
    return out;
  }

  base::Now now{base::Mono(hours(5)), base::from_unix_ms(1'760'000'000'000)};
  Courier courier{{robot("ops"), robot("dba")}, 1};
  std::map<std::uint64_t, Row> stored;
};

TEST_F(CourierTest, PostsNothingBeforeACommitHoldsItAsSending) {
  const auto id = add("ops", "a");
  EXPECT_THAT(courier.attempts(now), IsEmpty());
  const auto changes = courier.take_changes();
  ASSERT_THAT(changes.changed, SizeIs(1));
  EXPECT_EQ(changes.changed[0].id, id);
  EXPECT_EQ(changes.changed[0].state, RowState::kSending);
  EXPECT_EQ(changes.changed[0].uuid, "uuid-a");
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
  EXPECT_EQ(outcome.target, "ops");
  EXPECT_EQ(outcome.judgement.verdict, Verdict::kRetry);
  EXPECT_THAT(attempts(), IsEmpty());
  pass(outcome.retry_in);
  const auto second = attempt();
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.request.body, first.request.body);
  EXPECT_NE(second.request.url, first.request.url);
  commit();
  EXPECT_EQ(stored.at(first.id).uuid, "uuid-a");
}

TEST_F(CourierTest, BacksOffFromOneSecondDoublingToSixty) {
  add("ops", "a");
  for (const int most : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    const auto wait = answer(attempt(), broken(Transport::kConnect)).retry_in;
    EXPECT_LE(wait, seconds(most));
    EXPECT_GE(wait, milliseconds(750) * most);
    EXPECT_EQ(courier.next_deadline(now), now.mono + wait);
    EXPECT_EQ(status("ops").state, TargetState::kRetrying);
    pass(wait);
  }
  answer(attempt(), errcode(0));
  EXPECT_EQ(status("ops").state, TargetState::kOk);
  add("ops", "b");
  EXPECT_LE(answer(attempt(), broken(Transport::kConnect)).retry_in, seconds(1));
}

TEST_F(CourierTest, BacksOffFromTheFirstStepAfterAReload) {
  add("ops", "a");
  for (int i = 0; i < 5; ++i) pass(answer(attempt(), broken(Transport::kConnect)).retry_in);
  courier.set_robots({robot("ops")});
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
    seen.push_back(one.request.body);
    answer(one, errcode(0));
  }
  EXPECT_THAT(seen, ElementsAre(R"({"text":"a"})", R"({"text":"b"})", R"({"text":"c"})"));
  EXPECT_FALSE(courier.in_flight());
}

TEST_F(CourierTest, TakesTheNextRowToTheCommitThatHoldsTheAnswer) {
  const auto a = add("ops", "a");
  const auto b = add("ops", "b");
  answer(attempt(), errcode(0));
  commit();
  EXPECT_EQ(stored.at(a).state, RowState::kDelivered);
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
  courier.set_robots({robot("ops", 2)});
  for (const char* text : {"a", "b", "c"}) add("ops", text);
  answer(attempt(), errcode(0));
  pass(seconds(1));
  answer(attempt(), errcode(0));
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(status("ops").sent_last_minute, 2U);
  EXPECT_EQ(status("ops").quota_left, 0U);
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(59));
  pass(seconds(59));
  EXPECT_EQ(attempt().request.body, R"({"text":"c"})");
}

TEST_F(CourierTest, SpendsNoQuotaOnWhatNeverReachedTheRobot) {
  courier.set_robots({robot("ops", 1)});
  add("ops", "a");
  pass(answer(attempt(), broken(Transport::kConnect)).retry_in);
  pass(answer(attempt(), broken(Transport::kOther)).retry_in);
  EXPECT_THAT(attempts(), IsEmpty());  // that one may have reached it
}

TEST_F(CourierTest, KeepsDeliveredRowsSixtySecondsAndThenErasesThem) {
  const auto id = add("ops", "a");
  answer(attempt(), errcode(0));
  pass(seconds(59));
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(stored.at(id).state, RowState::kDelivered);
  pass(seconds(1));
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_THAT(stored, IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);
}

TEST_F(CourierTest, RepeatsAtOnceAfterARestartWhatWasOnItsWay) {
  add("ops", "a");
  add("ops", "b");
  const auto before = attempt();
  pass(seconds(5));
  Courier again({robot("ops")}, 2);
  again.restore(rows(), now);
  const auto repeated = again.attempts(now);
  ASSERT_THAT(repeated, SizeIs(1));
  EXPECT_EQ(repeated[0].id, before.id);
  EXPECT_EQ(repeated[0].request.body, before.request.body);
  EXPECT_GT(again.add(message("ops", "u"), now), 2U);
}

TEST_F(CourierTest, KeepsTheQuotaOverARestart) {
  courier.set_robots({robot("ops", 2)});
  for (const char* text : {"a", "b"}) {
    add("ops", text);
    answer(attempt(), errcode(0));
  }
  commit();
  pass(seconds(20));
  Courier again({robot("ops", 2)}, 2);
  now.mono = base::Mono(seconds(3));  // the host started anew too
  again.restore(rows(), now);
  again.add(message("ops", "u"), now);
  again.take_changes();
  again.committed();
  EXPECT_THAT(again.attempts(now), IsEmpty());
  EXPECT_EQ(again.next_deadline(now), now.mono + seconds(40));
}

TEST_F(CourierTest, CountsForTheQuotaWhatWasOnItsWayAtARestart) {
  add("ops", "a");
  add("ops", "b");
  attempt();
  courier.set_robots({robot("ops", 2)});
  Courier again({robot("ops", 2)}, 2);
  again.restore(rows(), now);
  const auto repeated = again.attempts(now);
  ASSERT_THAT(repeated, SizeIs(1));
  again.answered(repeated[0].id, errcode(0), now);
  EXPECT_EQ(again.status(now)[0].sent_last_minute, 2U);
  EXPECT_EQ(again.next_deadline(now), now.mono + seconds(60));
}

TEST_F(CourierTest, ErasesRestoredRowsInTheOrderOfTheirAnswers) {
  Row later = message("ops", "a");
  later.id = 1;
  later.state = RowState::kDelivered;
  Row earlier = later;
  earlier.id = 2;
  later.answered = now.wall - seconds(10);
  earlier.answered = now.wall - seconds(50);
  courier.restore({later, earlier}, now);
  pass(seconds(10));
  courier.attempts(now);
  EXPECT_THAT(courier.take_changes().erased, ElementsAre(2U));
}

TEST_F(CourierTest, ErasesAfterARestartWhatWasDeliveredLongAgo) {
  add("ops", "a");
  answer(attempt(), errcode(0));
  commit();
  pass(hours(1));
  Courier again({robot("ops")}, 2);
  again.restore(rows(), now);
  EXPECT_THAT(again.attempts(now), IsEmpty());
  EXPECT_THAT(again.take_changes().erased, ElementsAre(1U));
  EXPECT_EQ(again.status(now)[0].sent_last_minute, 0U);
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
  EXPECT_EQ(attempt().request.body, R"({"text":"b"})");
}

TEST_F(CourierTest, ARefusedMessageMayBeSaidOtherwiseUnderANewUuidAndIsTriedAtOnce) {
  add("ops", "a");
  add("ops", "b");
  answer(attempt(), errcode(310000, "keywords not in content"));
  courier.reword(
      [](const Row& row) { return std::optional(std::pair("new-" + row.uuid, "new" + row.body)); });
  const auto again = attempt();
  EXPECT_EQ(again.request.body, R"(new{"text":"a"})");
  answer(again, errcode(0));
  EXPECT_EQ(attempt().request.body, R"(new{"text":"b"})") << "one that was never sent too";
  EXPECT_EQ(rows().front().uuid, "new-uuid-a");
}

TEST_F(CourierTest, AMessageThatMayHaveArrivedKeepsItsWords) {
  add("ops", "a");
  const auto first = attempt();
  const auto reword = [](const Row&) {
    return std::optional(std::pair<std::string, std::string>("other", "other"));
  };
  courier.reword(reword);  // on its way
  pass(answer(first, broken(Transport::kTimeout)).retry_in);
  courier.reword(reword);  // outcome unknown
  EXPECT_EQ(attempt().request.body, first.request.body);
}

TEST_F(CourierTest, TriesAHeldTargetAtOnceAfterAReload) {
  add("ops", "a");
  answer(attempt(), errcode(300005));
  auto mended = robot("ops");
  mended.webhook = base::Secret("https://h/send?access_token=mended");
  courier.set_robots({mended});
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
  EXPECT_EQ(next.request.body, R"({"text":"b"})");
  EXPECT_EQ(stored.at(bad).state, RowState::kHeld);
  answer(next, errcode(0));
  EXPECT_EQ(status("ops").state, TargetState::kOk);
  EXPECT_EQ(status("ops").held, 1U);
  EXPECT_EQ(status("ops").queue, 1U);
}

TEST_F(CourierTest, TriesARefusedMessageAgainOnceAnHourAndOverARestart) {
  add("ops", "a");
  answer(attempt(), errcode(430101));
  commit();
  pass(minutes(30));
  Courier again({robot("ops")}, 2);
  again.restore(rows(), now);
  EXPECT_THAT(again.attempts(now), IsEmpty());
  EXPECT_EQ(again.next_deadline(now), now.mono + minutes(30));
  EXPECT_THAT(attempts(), IsEmpty());
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
    Courier one({robot("ops")}, seed);
    const auto id = one.add(message("ops", "u"), now);
    one.take_changes();
    one.committed();
    ASSERT_THAT(one.attempts(now), SizeIs(1));
    const auto rest = one.answered(id, errcode(130101), now).retry_in;
    EXPECT_GE(rest, minutes(10));
    EXPECT_LE(rest, minutes(20));
    rests.insert(rest);
    EXPECT_EQ(one.status(now)[0].state, TargetState::kThrottled);
    one.take_changes();
    one.committed();
    EXPECT_EQ(one.next_deadline(now), now.mono + rest);
  }
  EXPECT_GT(rests.size(), 40U);
}

TEST_F(CourierTest, RestsOnOverAReloadAndARestart) {
  add("ops", "a");
  const auto rest = answer(attempt(), errcode(410100)).retry_in;
  courier.set_robots({robot("ops")});
  EXPECT_THAT(attempts(), IsEmpty());
  Courier again({robot("ops")}, 2);
  again.restore(rows(), now);
  EXPECT_THAT(again.attempts(now), IsEmpty());
  EXPECT_EQ(again.status(now)[0].state, TargetState::kThrottled);
  pass(rest);
  EXPECT_THAT(again.attempts(now), SizeIs(1));
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
  courier.set_robots({robot("dba")});
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);
  EXPECT_EQ(status("ops").state, TargetState::kHeld);
  EXPECT_EQ(status("ops").queue, 1U);
  EXPECT_THAT(status("ops").last_error->errmsg, HasSubstr("no such target"));
  EXPECT_THAT(stored, SizeIs(1));
  courier.set_robots({robot("ops")});
  EXPECT_EQ(attempt().request.body, R"({"text":"a"})");
}

TEST_F(CourierTest, TakesTheAnswerToAMessageWhoseTargetWentInTheMeantime) {
  add("ops", "a");
  const auto on_its_way = attempt();
  courier.set_robots({});
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

TEST_F(CourierTest, HasNoDeadlineWhenNothingWaits) {
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);
  add("ops", "a");
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);  // for its commit, not for time
  attempt();
  EXPECT_EQ(courier.next_deadline(now), std::nullopt);  // for its answer
}

// A message that waits behind others of its target.
class WaitingRowTest : public CourierTest {
 protected:
  WaitingRowTest() {
    add("ops", "first");
    on_its_way = attempt();
  }

  Attempt on_its_way;
};

TEST_F(WaitingRowTest, ALaterMessageOfTheSameAlertTakesItsPlace) {
  const auto id = courier.add(message("ops", "a", "alert"), now);
  courier.add(message("ops", "b"), now);
  pass(minutes(1));
  ASSERT_NE(courier.waiting("ops", "alert"), nullptr);
  EXPECT_EQ(courier.waiting("ops", "alert")->report, "report of a");
  EXPECT_EQ(courier.add(message("ops", "a2", "alert"), now), id);
  commit();
  EXPECT_THAT(stored, SizeIs(3));
  EXPECT_EQ(stored.at(id).body, R"({"text":"a2"})");
  EXPECT_EQ(stored.at(id).report, "report of a2");
  EXPECT_EQ(stored.at(id).created, now.wall - minutes(1)) << "it waits since then";
  answer(on_its_way, errcode(0));
  EXPECT_EQ(attempt().request.body, R"({"text":"a2"})") << "its turn is as it was";
}

TEST_F(WaitingRowTest, OnlyOfThatAlertAndThatTargetAndOnlyWhereItHasOne) {
  courier.add(message("dba", "busy"), now);
  courier.add(message("ops", "a", "alert"), now);
  courier.add(message("ops", "b"), now);
  EXPECT_EQ(courier.waiting("ops", "other"), nullptr);
  EXPECT_EQ(courier.waiting("dba", "alert"), nullptr);
  EXPECT_EQ(courier.waiting("nobody", "alert"), nullptr);
  EXPECT_EQ(courier.waiting("ops", ""), nullptr);
  for (const auto& [target, alert] :
       {std::pair("ops", "other"), std::pair("dba", "alert"), std::pair("ops", "")})
    courier.add(message(target, "c", alert), now);
  commit();
  EXPECT_THAT(stored, SizeIs(7));
}

TEST_F(WaitingRowTest, ItsWordsAreFrozenBeforeItMayLeave) {
  const auto id = courier.add(message("ops", "a", "alert"), now);
  answer(on_its_way, errcode(0));  // it is the next one, and the coming commit lets it leave
  EXPECT_EQ(courier.waiting("ops", "alert"), nullptr);
  commit();
  EXPECT_EQ(stored.at(id).state, RowState::kSending);
  EXPECT_EQ(stored.at(id).report, "");
  EXPECT_NE(courier.add(message("ops", "a2", "alert"), now), id);
  EXPECT_EQ(attempt().request.body, R"({"text":"a"})");
  EXPECT_EQ(courier.waiting("ops", "alert")->body, R"({"text":"a2"})") << "further hits wait in another";
}

TEST_F(WaitingRowTest, ARefusedMessageTakesNoFurtherHits) {
  answer(on_its_way, errcode(0));
  const auto refused = courier.add(message("ops", "a", "alert"), now);
  answer(attempt(), errcode(430101));
  EXPECT_EQ(status("ops").held, 1U);
  EXPECT_EQ(courier.waiting("ops", "alert"), nullptr);
  EXPECT_NE(courier.add(message("ops", "a2", "alert"), now), refused);
}

TEST_F(WaitingRowTest, ItsPlaceIsTakenWhileACommitOfItIsUnderWay) {
  const auto id = courier.add(message("ops", "a", "alert"), now);
  courier.take_changes();
  courier.add(message("ops", "a2", "alert"), now);
  courier.committed();
  const auto changes = courier.take_changes();
  ASSERT_THAT(changes.changed, SizeIs(1));
  EXPECT_EQ(changes.changed[0].id, id);
  EXPECT_EQ(changes.changed[0].body, R"({"text":"a2"})");
}

TEST_F(WaitingRowTest, ItsPlaceIsTakenAfterARestartButNotThatOfOneOnItsWay) {
  courier.add(message("ops", "a", "alert"), now);
  courier.add(message("dba", "c", "alert"), now);
  commit();
  Courier again({robot("ops"), robot("dba")}, 2);
  again.restore(rows(), now);
  ASSERT_NE(again.waiting("ops", "alert"), nullptr);
  EXPECT_EQ(again.waiting("ops", "alert")->report, "report of a");
  EXPECT_EQ(again.waiting("dba", "alert"), nullptr);
}

TEST_F(WaitingRowTest, ItsPlaceIsTakenWhileItsTargetIsGone) {
  const auto id = courier.add(message("ops", "a", "alert"), now);
  courier.set_robots({robot("dba")});
  EXPECT_EQ(courier.add(message("ops", "a2", "alert"), now), id);
}

}  // namespace
}  // namespace dingtail::deliver
