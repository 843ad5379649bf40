// Messages that wait: they take further hits, are merged, are said otherwise, and are never dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "courier_fixture.h"

namespace dingtail::deliver {
namespace {

using config::Severity;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class WaitingTest : public CourierTest {
 protected:
  // A message of its own alert, and what a digest tells of it: "TEXT ×3".
  Post alert(const std::string& text, Severity severity = Severity::kWarning, const std::string& rule = "r") {
    Post out = post("ops", text);
    out.alert = text;
    out.report = "report of " + text;
    format::DigestLine line;
    line.rule = rule;
    line.text = text + " ×3";
    line.severity = severity;
    line.alerts = 1;
    line.hits = 3;
    line.first = line.last = now.wall;
    out.lines = {line};
    return out;
  }
  std::uint64_t add_alert(const std::string& text, Severity severity = Severity::kWarning,
                          const std::string& rule = "r") {
    return courier.add(alert(text, severity, rule), now);
  }
  void add_alerts(int count, const std::string& prefix = "a") {
    for (int i = 1; i <= count; ++i) add_alert(prefix + std::to_string(i));
  }
  // The target waits for ten minutes, with a first message of three hits.
  void answer_config_fault() {
    add_alert("first");
    answer(attempt(), errcode(300005));
  }
  std::string next_text() {
    const auto one = attempt();
    answer(one, errcode(0));
    return text_of(one);
  }
};

// One that waits behind another of its target.
class WaitingRowTest : public WaitingTest {
 protected:
  WaitingRowTest() {
    add("ops", "first");
    on_its_way = attempt();
  }

  Attempt on_its_way;
};

TEST_F(WaitingRowTest, ALaterMessageOfTheSameAlertTakesItsPlace) {
  const auto id = add_alert("a");
  add("ops", "b");
  pass(minutes(1));
  ASSERT_NE(courier.waiting("ops", "a"), nullptr);
  EXPECT_EQ(courier.waiting("ops", "a")->report, "report of a");
  auto later = alert("a2");
  later.alert = "a";
  EXPECT_EQ(courier.add(later, now), id);
  commit();
  EXPECT_THAT(stored, SizeIs(3));
  EXPECT_EQ(text_of(stored.at(id).body), "a2");
  EXPECT_EQ(stored.at(id).report, "report of a2");
  EXPECT_EQ(stored.at(id).created, now.wall - minutes(1)) << "it waits since then";
  answer(on_its_way, errcode(0));
  EXPECT_EQ(next_text(), "a2") << "its turn is as it was";
}

TEST_F(WaitingRowTest, OnlyOfThatAlertAndThatTargetAndOnlyWhereItHasOne) {
  add_alert("a");
  add("ops", "b");
  EXPECT_EQ(courier.waiting("ops", "other"), nullptr);
  EXPECT_EQ(courier.waiting("dba", "a"), nullptr);
  EXPECT_EQ(courier.waiting("nobody", "a"), nullptr);
  EXPECT_EQ(courier.waiting("ops", ""), nullptr);
  add_alert("other");
  add("ops", "c");
  commit();
  EXPECT_THAT(stored, SizeIs(5));
}

TEST_F(WaitingRowTest, ItsWordsAreFrozenBeforeItMayLeave) {
  const auto id = add_alert("a");
  answer(on_its_way, errcode(0));
  commit();  // this commit lets it leave
  EXPECT_EQ(courier.waiting("ops", "a"), nullptr);
  EXPECT_EQ(stored.at(id).state, RowState::kSending);
  EXPECT_EQ(stored.at(id).report, "");
  EXPECT_NE(add_alert("a"), id) << "further hits wait in another";
}

TEST_F(WaitingRowTest, ARefusedMessageTakesNoFurtherHits) {
  answer(on_its_way, errcode(0));
  const auto refused = add_alert("a");
  answer(attempt(), errcode(430102));
  EXPECT_EQ(courier.waiting("ops", "a"), nullptr);
  EXPECT_NE(add_alert("a"), refused);
}

TEST_F(WaitingRowTest, ItsPlaceIsTakenWhileACommitOfItIsUnderWay) {
  const auto id = add_alert("a");
  courier.take_changes();
  add_alert("a");
  courier.committed();
  const auto changes = courier.take_changes();
  ASSERT_THAT(changes.changed, SizeIs(1));
  EXPECT_EQ(changes.changed[0].id, id);
}

TEST_F(WaitingRowTest, ItsPlaceIsTakenAfterARestart) {
  const auto id = add_alert("a");
  commit();
  restart({target("ops")});
  ASSERT_NE(courier.waiting("ops", "a"), nullptr);
  EXPECT_EQ(courier.waiting("ops", "a")->report, "report of a");
  EXPECT_EQ(add_alert("a"), id);
}

TEST_F(WaitingRowTest, ItsPlaceIsTakenWhileItsTargetIsGone) {
  const auto id = add_alert("a");
  configure({target("dba")});
  EXPECT_EQ(add_alert("a"), id);
}

TEST_F(WaitingRowTest, CriticalOnesPassOthers) {
  add_alert("a");
  add_alert("b", Severity::kCritical);
  add_alert("c", Severity::kError);
  answer(on_its_way, errcode(0));
  EXPECT_EQ(next_text(), "b");
  EXPECT_EQ(next_text(), "c");
  EXPECT_EQ(next_text(), "a");
}

// ---- digests

TEST_F(WaitingTest, FourThatWaitLeaveOneByOne) {
  add_alerts(4);
  for (const char* text : {"a1", "a2", "a3", "a4"}) EXPECT_EQ(next_text(), text);
}

TEST_F(WaitingTest, FiveThatWaitAreOneDigestCriticalFirst) {
  add_alerts(4);
  add_alert("worst", Severity::kCritical);
  const auto text = next_text();
  EXPECT_THAT(text, HasSubstr("5 alerts · 1 critical · 15 hits"));
  for (const char* line : {"- a1 ×3", "- a2 ×3", "- a3 ×3", "- a4 ×3", "- worst ×3"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_LT(text.find("- worst"), text.find("- a1"));
  commit();
  EXPECT_THAT(stored, IsEmpty());
  EXPECT_EQ(status("ops").queue, 0U);
}

TEST_F(WaitingTest, MoreThanSlotsAreFreeAreOneDigest) {
  configure({target("ops", 2)});
  add("ops", "first");
  answer(attempt(), errcode(0));
  add_alerts(2);
  EXPECT_THAT(next_text(), AllOf(HasSubstr("a1"), HasSubstr("a2")));
}

TEST_F(WaitingTest, ADigestIsDurableBeforeItLeavesInThePlaceOfWhatItTells) {
  add_alerts(6);
  courier.take_changes();
  courier.committed();
  courier.advance(now);
  EXPECT_THAT(courier.attempts(now), IsEmpty());
  const auto changes = courier.take_changes();
  EXPECT_THAT(changes.erased, SizeIs(6));
  ASSERT_THAT(changes.changed, SizeIs(1));
  EXPECT_EQ(changes.changed[0].state, RowState::kSending);
  EXPECT_THAT(changes.changed[0].lines, SizeIs(6));
  courier.committed();
  EXPECT_THAT(courier.attempts(now), SizeIs(1));
}

TEST_F(WaitingTest, WhatDoesNotFitIsInTheNextDigest) {
  for (int i = 0; i < 300; ++i) add_alert("alert number " + std::to_string(i) + std::string(80, 'x'));
  std::string all;
  int digests = 0;
  for (auto left = attempts(); !left.empty(); left = attempts()) {
    EXPECT_LE(left[0].request.body.size(), 20'000U);
    all += text_of(left[0]);
    ++digests;
    answer(left[0], errcode(0));
  }
  EXPECT_EQ(digests, 2);
  for (int i = 0; i < 300; ++i) EXPECT_THAT(all, HasSubstr("- alert number " + std::to_string(i) + "x"));
}

TEST_F(WaitingTest, AfterARestTheNextIsADigest) {
  add_alert("a");
  const auto rest = answer(attempt(), errcode(410100)).retry_in;
  add_alert("b");
  pass(rest);
  EXPECT_THAT(next_text(), AllOf(HasSubstr("a ×3"), HasSubstr("b ×3")));
  add_alert("c");
  add_alert("d");
  EXPECT_EQ(next_text(), "c") << "then all is as before";
}

TEST_F(WaitingTest, AfterARestTheNextIsADigestOverARestartToo) {
  add_alert("a");
  const auto rest = answer(attempt(), errcode(410100)).retry_in;
  add_alert("b");
  commit();
  restart({target("ops")});
  pass(rest);
  EXPECT_THAT(next_text(), AllOf(HasSubstr("a ×3"), HasSubstr("b ×3")));
}

TEST_F(WaitingTest, WhatMayHaveArrivedIsPartOfNoDigest) {
  add_alert("a");
  const auto first = attempt();
  add_alerts(9, "b");
  pass(answer(first, broken(Transport::kTimeout)).retry_in);
  const auto again = attempt();
  EXPECT_EQ(again.request.body, first.request.body);
  const auto rest = answer(again, errcode(410100)).retry_in;  // of this attempt, not of the first
  pass(rest);
  const auto third = attempt();
  EXPECT_EQ(third.request.body, first.request.body);
  answer(third, errcode(0));
  EXPECT_THAT(next_text(), AllOf(HasSubstr("9 alerts"), Not(HasSubstr("- a ×3"))));
}

// ---- refused for what it says

TEST_F(WaitingTest, WhatTheContentCheckRefusesIsToldOnceWithoutWordsOfLogs) {
  add_alert("evil.example");
  const auto first = attempt();
  const auto outcome = answer(first, errcode(430101));
  EXPECT_TRUE(outcome.reworded);
  const auto second = attempt();
  EXPECT_THAT(second.request.body, Not(HasSubstr("evil")));
  EXPECT_THAT(text_of(second), HasSubstr("- r · 1 alert · 3 hits"));
  EXPECT_THAT(second.request.body, Not(HasSubstr("uuid-1\""))) << "other bytes, another uuid";
  EXPECT_FALSE(answer(second, errcode(430102)).reworded);
  EXPECT_EQ(status("ops").held, 1U);
  EXPECT_THAT(attempts(), IsEmpty());
  pass(hours(1));
  EXPECT_EQ(attempt().request.body, second.request.body);
}

// Its digests would be refused again for each new text of a log that the check does not like.
TEST_F(WaitingTest, WhatWasRefusedIsToldWithNoTextsOfOthers) {
  configure({target("ops", 2)});
  for (int i = 0; i < 2; ++i) {
    add("ops", "takes a slot");
    answer(attempt(), errcode(0));
  }
  add_alert("dead disk", Severity::kCritical, "disk");
  add_alert("evil 0");
  add_alert("evil 1");
  pass(seconds(60));
  const auto refused = attempt();
  EXPECT_THAT(text_of(refused), AllOf(HasSubstr("dead disk"), HasSubstr("evil 0")));
  EXPECT_TRUE(answer(refused, errcode(430102)).reworded);
  add_alert("evil 2", Severity::kCritical);
  add_alerts(2, "slow net");
  const auto bare = attempt();
  EXPECT_THAT(text_of(bare),
              AllOf(HasSubstr("- disk · 1 alert · 3 hits"), HasSubstr("- r · 1 alert · 3 hits")));
  EXPECT_THAT(text_of(bare), AllOf(Not(HasSubstr("evil")), Not(HasSubstr("slow"))));
  answer(bare, errcode(0));
  pass(seconds(60));
  EXPECT_THAT(text_of(attempt()), AllOf(HasSubstr("evil 2"), HasSubstr("slow net2"))) << "with their texts";
}

TEST_F(WaitingTest, WhatIsTooLargeIsToldInFewerWordsOnce) {
  auto large = alert("large");
  large.message.text = std::string(8000, 'x');
  courier.add(large, now);
  EXPECT_TRUE(answer(attempt(), errcode(460101)).reworded);
  const auto second = attempt();
  EXPECT_THAT(text_of(second), HasSubstr("- large ×3"));
  EXPECT_FALSE(answer(second, errcode(460101)).reworded);
  EXPECT_EQ(status("ops").held, 1U);
}

TEST_F(WaitingTest, ADigestThatIsTooLargeIsTwo) {
  for (int i = 0; i < 120; ++i) add_alert("alert number " + std::to_string(i) + std::string(80, 'x'));
  const auto large = attempt();
  EXPECT_GT(large.request.body.size(), 10'000U);
  answer(large, errcode(460101));
  std::uint64_t told = 0;
  for (int i = 0; i < 2; ++i) {
    const auto half = attempt();
    EXPECT_LE(half.request.body.size(), 10'000U);
    for (const auto& line : stored.at(half.id).lines) told += line.hits;
    answer(half, errcode(0));
  }
  EXPECT_EQ(told, 360U);
  EXPECT_THAT(attempts(), IsEmpty());
}

// The same words under another msgUuid would be refused in their turn, and cost a slot.
TEST_F(WaitingTest, WhatIsTooLargeAndCouldBeNoSmallerIsHeld) {
  for (const int alerts : {1, 60}) {
    courier = Courier(uuids, 1);
    configure({target("ops")});
    if (alerts == 1) courier.add(alert("an alert that is short"), now);
    for (int i = 0; i < alerts && alerts > 1; ++i) add_alert("plain words " + std::to_string(i));
    const auto refused = attempt();
    EXPECT_LT(refused.request.body.size(), 10'000U);
    EXPECT_FALSE(answer(refused, errcode(460101)).reworded);
    EXPECT_EQ(status("ops").held, 1U);
    EXPECT_THAT(attempts(), IsEmpty());
  }
}

TEST_F(WaitingTest, WhatHasNoOtherWordsIsHeld) {
  add("ops", "a person's own");
  const auto outcome = answer(attempt(), errcode(430101));
  EXPECT_FALSE(outcome.reworded);
  EXPECT_EQ(outcome.target, "ops");
  EXPECT_EQ(outcome.held, 1U);
  EXPECT_EQ(status("ops").held, 1U);
  add("ops", "another");
  EXPECT_EQ(answer(attempt(), errcode(0)).held, 1U) << "that one is still held";
  pass(hours(1));
  EXPECT_EQ(answer(attempt(), errcode(0)).held, 0U);
}

// ---- too many

TEST_F(WaitingTest, BeyondFiveDigestsItIsALineARule) {
  answer_config_fault();
  constexpr int kAlerts = 3000;
  for (int i = 0; i < kAlerts; ++i)
    add_alert("alert number " + std::to_string(i) + std::string(50, 'x'), Severity::kWarning,
              i % 2 == 0 ? "even" : "odd");
  add_alert("critical", Severity::kCritical);
  commit();
  EXPECT_LT(stored.size(), 1200U);
  pass(minutes(10));
  std::uint64_t hits = 0;
  std::uint64_t alerts = 0;
  std::vector<std::string> texts;
  for (auto left = attempts(); !left.empty(); left = attempts()) {
    texts.push_back(text_of(left[0]));
    for (const auto& line : stored.at(left[0].id).lines) {
      hits += line.hits;
      alerts += line.alerts;
    }
    answer(left[0], errcode(0));
  }
  EXPECT_EQ(hits, 3U * (kAlerts + 2));
  EXPECT_EQ(alerts, kAlerts + 2U);
  EXPECT_LE(texts.size(), 6U);
  EXPECT_THAT(texts.front(), HasSubstr("- critical ×3"));
  EXPECT_THAT(texts.back(), AllOf(HasSubstr("- even · "), HasSubstr("- odd · ")));
}

TEST_F(WaitingTest, FiveDigestsAreFilledBeforeItIsALineARule) {
  answer_config_fault();
  for (int i = 0; i < 800; ++i) add_alert("alert number " + std::to_string(i) + std::string(100, 'x'));
  pass(minutes(10));
  for (int i = 0; i < 5; ++i) {
    const auto digest = attempt();
    EXPECT_GT(digest.request.body.size(), 19'500U) << i;
    EXPECT_EQ(text_of(digest).find("- r · ") != std::string::npos, i == 4)
        << "what room there is behind them";
    answer(digest, errcode(0));
  }
  EXPECT_THAT(attempts(), IsEmpty());
}

TEST_F(WaitingTest, FiveDigestsAreTheMostHoweverLittleOneHolds) {
  answer_config_fault();
  for (int i = 0; i < 800; ++i) {
    auto one = alert("alert number " + std::to_string(i) + std::string(100, 'x'));
    for (int who = 10; who < 60; ++who)
      one.lines.front().people.user_ids.push_back(std::to_string(who) + std::string(60, 'u'));
    courier.add(one, now);
  }
  pass(minutes(10));
  std::string last;
  for (int i = 0; i < 5; ++i) EXPECT_THAT(last = next_text(), HasSubstr("- alert number")) << i;
  EXPECT_THAT(last, HasSubstr("- r · "));
  EXPECT_THAT(attempts(), IsEmpty());
}

TEST_F(WaitingTest, BeyondTheLimitOfBytesItIsALineARule) {
  answer_config_fault();
  for (int i = 0; i < 100; ++i) {
    auto large = alert("a" + std::to_string(i));
    large.message.text = std::string(19'000, 'x');
    courier.add(large, now);
  }
  commit();
  std::size_t bytes = 0;
  std::uint64_t hits = 0;
  for (const auto& [id, row] : stored) {
    bytes += row.body.size();
    for (const auto& line : row.lines) hits += line.hits;
  }
  EXPECT_LE(bytes, kMiB);
  EXPECT_GT(bytes, kMiB / 2);
  EXPECT_EQ(hits, 303U);
}

TEST_F(WaitingTest, BeyondTheLimitOfBytesWhatIsHeldIsMergedToo) {
  for (int i = 0; i < 2000; ++i) {
    add_alert("a" + std::to_string(i));
    answer(attempt(), errcode(400105));
    if (i % 15 == 0) pass(minutes(1));
  }
  const auto held = status("ops").held;
  EXPECT_LT(held, 2000U);
  EXPECT_GT(held, 100U);
  commit();
  std::uint64_t hits = 0;
  for (const auto& [id, row] : stored)
    for (const auto& line : row.lines) hits += line.hits;
  EXPECT_EQ(hits, 6000U);
}

TEST_F(WaitingTest, RuleLinesGrowOnAfterARestart) {
  answer_config_fault();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 1500; ++i)
      add_alert(std::to_string(round) + std::to_string(i) + std::string(100, 'x'));
    commit();
    restart({target("ops")});
  }
  std::size_t of_rule = 0;
  std::uint64_t hits = 0;
  for (const auto& [id, row] : stored)
    for (const auto& line : row.lines) {
      of_rule += line.of_rule ? 1 : 0;
      hits += line.hits;
    }
  EXPECT_EQ(of_rule, 1U);
  EXPECT_EQ(hits, 9003U);
}

// ---- a person's own

TEST_F(WaitingTest, AnUrgentMessagePassesAllAndGoesWithItsFirstAnswer) {
  add_alerts(9);
  const auto id = courier.add_urgent(post("ops", "mine"), now);
  ASSERT_TRUE(id);
  const auto mine = attempt();
  EXPECT_EQ(mine.id, *id);
  EXPECT_FALSE(courier.cancel(*id)) << "it is on its way";
  const auto outcome = answer(mine, errcode(300005));
  EXPECT_EQ(outcome.judgement.errcode, 300005);
  EXPECT_EQ(status("ops").queue, 9U);
  const auto probe = courier.add_urgent(post("ops", "again"), now);
  ASSERT_TRUE(probe);
  EXPECT_EQ(text_of(attempt()), "again") << "the target is held, but a person may have mended it";
}

TEST_F(WaitingTest, AnUrgentMessageTakesItsSlotAndWaitsForOne) {
  configure({target("ops", 1)});
  courier.add_urgent(post("ops", "one"), now);
  answer(attempt(), errcode(0));
  const auto id = courier.add_urgent(post("ops", "two"), now);
  EXPECT_THAT(attempts(), IsEmpty());
  EXPECT_EQ(courier.next_deadline(now), now.mono + seconds(60));
  EXPECT_TRUE(courier.cancel(*id));
  EXPECT_FALSE(courier.cancel(*id));
  EXPECT_EQ(status("ops").queue, 0U);
}

TEST_F(WaitingTest, NoUrgentMessageIsTakenWhileTheRobotRests) {
  add_alert("a");
  answer(attempt(), errcode(410100));
  EXPECT_EQ(courier.add_urgent(post("ops", "mine"), now), std::nullopt);
  EXPECT_EQ(courier.add_urgent(post("nobody", "mine"), now), std::nullopt);
}

TEST_F(WaitingTest, ARobotThatHasRestedTakesUrgentMessagesThoughNothingElseWaits) {
  courier.add_urgent(post("ops", "mine"), now);
  const auto rest = answer(attempt(), errcode(130101)).retry_in;
  pass(rest - seconds(1));
  EXPECT_EQ(status("ops").state, TargetState::kThrottled);
  EXPECT_EQ(courier.add_urgent(post("ops", "again"), now), std::nullopt);
  pass(seconds(1));
  EXPECT_EQ(status("ops").state, TargetState::kOk);
  EXPECT_TRUE(courier.add_urgent(post("ops", "again"), now));
  EXPECT_EQ(courier.next_deadline(now), now.mono);
  EXPECT_EQ(text_of(attempt()), "again");
}

}  // namespace
}  // namespace dingtail::deliver
