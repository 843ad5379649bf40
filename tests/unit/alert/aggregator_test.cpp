#include "alert/aggregator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_text.h"

namespace dingtail::alert {
namespace {

using namespace std::chrono_literals;
using config::EventKind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// The life of alerts on a clock that the test turns. Each message is noted as "TIME event count/total", TIME
// in seconds since the start.
class AggregatorTest : public testing::Test {
 protected:
  void rule(const std::string& keys) {
    config = test::rules_of("[[rule]]\nname='r'\nmatch='x'\n" + keys);
    alerts.emplace(config.rules, std::map<std::string, std::string>{{"host", "h"}});
  }

  void hit(const std::string& key = "", const std::string& record = "x") {
    match::Hit found;
    found.record = record;
    found.path = "/f";
    found.fields["k"] = key;
    alerts->observe(found, now);
    tick();
  }

  void hit_of(match::Fields labels) {
    match::Hit found;
    found.record = "x";
    found.labels = std::move(labels);
    alerts->observe(found, now);
    tick();
  }

  void pass(base::Millis time) {
    const auto end = now.mono + time;
    while (true) {
      const auto due = alerts->next_deadline();
      if (!due || *due > end) break;
      set(std::max(*due, now.mono));
      tick();
    }
    set(end);
    tick();
  }

  void set(base::Mono at) { now = {at, base::Wall{1'700'000'000s} + (at - kStart) + ahead}; }

  // The wall clock is set, forward or back.
  void set_clock(base::Millis by) {
    ahead += by;
    set(now.mono);
  }

  void tick() {
    for (auto& report : alerts->tick(now)) {
      said.push_back(std::to_string((now.mono - kStart) / 1s) + " " + std::string(name_of(report.event)) +
                     " " + std::to_string(report.count) + "/" + std::to_string(report.total));
      reported += report.count;
      reports.push_back(std::move(report));
    }
  }

  // The agent ends and starts again, `gap` later; in between the wall clock is set.
  std::vector<AlertState> restart(base::Millis gap, const std::string& keys, base::Millis set_by = 0s) {
    auto changes = alerts->take_changes(now);
    set_clock(set_by);
    set(now.mono + gap);
    rule(keys);
    return alerts->restore(std::move(changes.changed), now);
  }

  static constexpr base::Mono kStart{1h};
  config::Config config;
  std::optional<Aggregator> alerts;
  base::Now now{kStart, base::Wall{1'700'000'000s}};
  base::Millis ahead{0};
  std::vector<std::string> said;
  std::vector<Report> reports;
  std::uint64_t reported = 0;
};

TEST_F(AggregatorTest, WithoutAConditionTheFirstHitFiresAndItsMessageLeavesAfterGroupWait) {
  rule("");
  hit();
  pass(1s);
  hit();
  pass(5s);
  EXPECT_THAT(said, ElementsAre("2 firing 2/2"));
}

TEST_F(AggregatorTest, ACriticalAlertLeavesAtOnce) {
  rule("severity='critical'\n");
  hit();
  EXPECT_THAT(said, ElementsAre("0 firing 1/1"));
}

TEST_F(AggregatorTest, CountWithinFiresOnTheNthHitAndReportsThemAll) {
  rule("when={count=3,within='10s'}\ngroup_wait='0s'\n");
  hit();
  pass(5s);
  hit();
  pass(5s);  // exactly 10 s after the first: within
  hit();
  EXPECT_THAT(said, ElementsAre("10 firing 3/3"));
  EXPECT_EQ(reports[0].first, base::Wall{1'700'000'000s});
  EXPECT_EQ(reports[0].last, base::Wall{1'700'000'010s});
}

TEST_F(AggregatorTest, HitsFurtherApartThanTheWindowAreNeverReported) {
  rule("when={count=3,within='10s'}\ngroup_wait='0s'\n");
  hit();
  pass(5s);
  hit();
  pass(5001ms);
  hit();
  pass(1h);
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(AggregatorTest, TheWindowSlides) {
  rule("when={count=3,within='10s'}\ngroup_wait='0s'\n");
  for (const auto gap : {0s, 9s, 9s, 1s}) {
    pass(gap);
    hit();
  }
  EXPECT_THAT(said, ElementsAre("19 firing 3/3"));
}

TEST_F(AggregatorTest, AfterFiringEveryHitCountsWithoutMeetingTheConditionAgain) {
  rule("when={count=2,within='1m'}\ngroup_wait='0s'\n");
  hit();
  hit();
  hit();
  pass(10min);
  EXPECT_THAT(said, ElementsAre("0 firing 2/2", "600 repeat 1/3")) << "reported when it ends";
}

TEST_F(AggregatorTest, OneAlertADistinctValueOfTheGroupKey) {
  rule("group_by=['k']\nwhen={count=2,within='1m'}\ngroup_wait='0s'\n");
  hit("a");
  hit("b");
  EXPECT_THAT(said, IsEmpty());
  hit("a");
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_THAT(reports[0].group, ElementsAre("a"));
  EXPECT_EQ(reports[0].labels.at("k"), "a");
  EXPECT_EQ(reports[0].labels.at("host"), "h");
}

TEST_F(AggregatorTest, AGroupValueIsUtf8WhateverTheFileIsCalled) {
  rule("group_by=['path']\n");
  match::Hit found;
  found.path = "/a\xFF.log";
  alerts->observe(found, now);
  EXPECT_THAT(alerts->take_changes(now).changed.at(0).group, ElementsAre("/a\uFFFD.log"));
}

TEST_F(AggregatorTest, LabelsOfThePathAreNearerThanTheConfigurationsAndFartherThanTheRules) {
  rule("group_wait='0s'\nlabels={team='rule'}\n");
  hit_of({{"host", "web-7"}, {"team", "path"}, {"site", "shop"}});
  EXPECT_EQ(reports.at(0).labels,
            (std::map<std::string, std::string>{{"host", "web-7"}, {"team", "rule"}, {"site", "shop"}}));
}

TEST_F(AggregatorTest, OneAlertADistinctLabelOfThePath) {
  rule("group_by='site'\nwhen={count=2,within='1m'}\ngroup_wait='0s'\n");
  hit_of({{"site", "a"}});
  hit_of({{"site", "b"}});
  hit_of({});
  EXPECT_THAT(said, IsEmpty());
  hit_of({{"site", "b"}});
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_THAT(reports[0].group, ElementsAre("b"));
  EXPECT_EQ(reports[0].labels.at("site"), "b");
}

TEST_F(AggregatorTest, AnAlertOfSeveralPathsHasTheLabelsOfItsLastHitsAndARestartKeepsThem) {
  rule("group_wait='10s'\n");
  hit_of({{"site", "a"}, {"of_a", "1"}});
  hit_of({{"site", "b"}});
  EXPECT_THAT(restart(1s, "group_wait='10s'\n"), IsEmpty());
  pass(20s);
  EXPECT_THAT(reports.at(0).labels, ElementsAre(Pair("host", "h"), Pair("site", "b")));
  EXPECT_EQ(reports[0].count, 2U);
}

TEST_F(AggregatorTest, RepeatsDoubleTheirIntervalUpToTheMost) {
  rule("group_wait='0s'\nrepeat_interval='1m'\nrepeat_max='4m'\n");
  for (int second = 0; second <= 16 * 60; second += 30) {
    hit();
    pass(30s);
  }
  EXPECT_THAT(said, ElementsAre("0 firing 1/1", "60 repeat 1/2", "180 repeat 4/6", "420 repeat 8/14",
                                "660 repeat 8/22", "900 repeat 8/30"));
}

TEST_F(AggregatorTest, TheCountsOfItsMessagesAddUpToItsHits) {
  rule("repeat_interval='1m'\nrepeat_max='8m'\n");
  std::uint64_t hits = 0;
  for (int i = 0; i < 500; ++i) {
    hit();
    ++hits;
    pass(base::Millis{(i * 7919) % 13'000});
  }
  pass(1h);
  EXPECT_EQ(reported, hits);
  EXPECT_GT(reports.size(), 5U);
}

TEST_F(AggregatorTest, OfManyMessagesDueTogetherATickTakesSomeAndTheRestStaysDue) {
  rule("group_by=['k']\ngroup_wait='10s'\n");
  for (int i = 0; i < 250; ++i) hit(std::to_string(i));
  set(now.mono + 10s);
  std::vector<std::size_t> ticks;
  while (alerts->next_deadline().value() <= now.mono) {
    const auto before = reports.size();
    tick();
    ticks.push_back(reports.size() - before);
  }
  EXPECT_THAT(ticks, ElementsAre(100, 100, 50));
}

TEST_F(AggregatorTest, WithResolveAfterItsEndIsAMessage) {
  rule("group_wait='0s'\nresolve_after='5m'\n");
  hit();
  pass(1min);
  hit();
  pass(10min);
  EXPECT_THAT(said, ElementsAre("0 firing 1/1", "360 resolved 1/2"));
}

TEST_F(AggregatorTest, WithoutItTheEndIsSilentWhenEveryHitIsTold) {
  rule("group_wait='0s'\n");
  hit();
  pass(1h);
  EXPECT_THAT(said, ElementsAre("0 firing 1/1"));
  EXPECT_EQ(alerts->next_deadline(), std::nullopt) << "nothing is kept of it";
}

TEST_F(AggregatorTest, AKeyThatFiresAgainSoonWaitsOutTheRestOfItsInterval) {
  rule("group_wait='0s'\nrepeat_interval='30m'\nresolve_after='1m'\n");
  hit();
  pass(5min);
  hit();  // a new alert, over a minute later; it is told when the 30 minutes are over
  pass(1h);
  EXPECT_THAT(said, ElementsAre("0 firing 1/1", "60 resolved 0/1", "1800 resolved 1/1"));
}

TEST_F(AggregatorTest, AKeyThatComesAndGoesDoesNotSendAtEachEnd) {
  rule("group_wait='0s'\nrepeat_interval='30m'\nresolve_after='1s'\n");
  for (int i = 0; i < 600; ++i) {
    hit();
    pass(2200ms);
  }
  pass(1h);
  EXPECT_EQ(reported, 600U);
  EXPECT_THAT(said, ElementsAre("0 firing 1/1", "1 resolved 0/1", "1800 resolved 599/599"));
}

TEST_F(AggregatorTest, ALongAlertOfAKeyThatFiredSoonBeforeIsToldWhenTheIntervalIsOver) {
  rule("group_wait='0s'\nrepeat_interval='30m'\n");
  hit();
  pass(15min);  // ended
  for (int i = 0; i < 20; ++i) {
    hit();
    pass(1min);
  }
  EXPECT_THAT(said, ElementsAre("0 firing 1/1", "1800 firing 15/15"));
}

TEST_F(AggregatorTest, EqualRecordsAreOneSampleWithACount) {
  rule("samples={max=2}\n");
  for (const auto* record : {"a", "b", "a", "c"}) hit("", record);
  pass(5s);
  EXPECT_THAT(reports.at(0).samples, ElementsAre(Sample{"a", 2}, Sample{"b", 1}));
  EXPECT_EQ(reports[0].count, 4U);
}

TEST_F(AggregatorTest, OfALongRecordIsKeptWhatCanBeShown) {
  rule("group_by=['k']\nwhen={count=2,within='1m'}\ngroup_wait='1h'\n");
  constexpr std::size_t most = 16UL * 1024;
  const std::string text = "start " + std::string(most - 7, 'x') + "\xE2\x82\xAC and so on";
  const std::string kept = text.substr(0, most - 1);  // the character at the limit does not fit
  hit(text, text);
  const auto pending = alerts->take_changes(now).changed.at(0);
  EXPECT_EQ(pending.pending.at(0).second, kept);
  hit(text, text);
  const auto firing = alerts->take_changes(now).changed.at(0);
  EXPECT_THAT(firing.group, ElementsAre(kept));
  EXPECT_THAT(firing.samples, ElementsAre(Sample{kept, 2}));
  EXPECT_EQ(firing.last_hit.record, kept);
  EXPECT_EQ(firing.last_hit.fields.at("k"), kept);
}

TEST_F(AggregatorTest, ARestartKeepsTheWindow) {
  const auto* keys = "when={count=3,within='1m'}\ngroup_wait='0s'\n";
  rule(keys);
  hit();
  hit();
  EXPECT_THAT(restart(30s, keys), IsEmpty());
  hit();
  EXPECT_THAT(said, ElementsAre("30 firing 3/3"));
  rule(keys);
}

TEST_F(AggregatorTest, ARestartKeepsUnreportedHitsAndTheRestOfTheInterval) {
  const auto* keys = "group_wait='0s'\nrepeat_interval='10m'\n";
  rule(keys);
  hit();
  pass(1min);
  hit("", "second");
  EXPECT_THAT(restart(1min, keys), IsEmpty());
  hit("", "third");
  pass(1h);
  EXPECT_THAT(said, ElementsAre("0 firing 1/1", "600 repeat 2/3"));
  EXPECT_THAT(reports[1].samples, ElementsAre(Sample{"second", 1}, Sample{"third", 1}));
}

TEST_F(AggregatorTest, AClockThatJumpedDuringTheStopNeitherLosesNorStallsAnAlert) {
  const auto* keys = "group_wait='0s'\nrepeat_interval='10m'\n";
  for (const auto jump : {-24h * 365, 24h * 365}) {
    said.clear();
    rule(keys);
    hit();
    hit();
    auto state = alerts->take_changes(now).changed;
    rule(keys);
    now.wall += jump;
    EXPECT_THAT(alerts->restore(std::move(state), now), IsEmpty());
    const auto wall = now.wall;
    pass(5h);
    EXPECT_EQ(said.size(), 2U) << "the second hit is told";
    now.wall = wall;
  }
}

TEST_F(AggregatorTest, AClockThatWasAheadAndIsSetRightDelaysNoFirstMessageAndNoEnd) {
  const std::string keys = "group_wait='5s'\nresolve_after='1m'\nrepeat_interval='10m'\nrepeat_max='8h'\n";
  rule(keys);
  hit();
  EXPECT_THAT(restart(1s, keys, -8h), IsEmpty());
  pass(1h);
  EXPECT_THAT(said, ElementsAre("6 firing 1/1", "61 resolved 0/1"));
}

TEST_F(AggregatorTest, AClockThatWasAheadAndIsSetRightDelaysARepeatByItsIntervalAtTheMost) {
  const std::string keys = "resolve_after='2h'\nrepeat_interval='10m'\nrepeat_max='8h'\n";
  rule(keys);
  hit();
  pass(1min);
  hit();
  EXPECT_THAT(restart(1s, keys, -8h), IsEmpty());
  pass(30min);
  EXPECT_THAT(said, ElementsAre("2 firing 1/1", "1261 repeat 1/2"));
}

TEST_F(AggregatorTest, AKeyThatFiresAgainSoonStillWaitsOutItsIntervalWhenTheClockIsSetRight) {
  const std::string keys = "group_wait='0s'\nresolve_after='1m'\nrepeat_interval='10m'\n";
  rule(keys);
  hit();
  pass(2min);
  hit();
  EXPECT_THAT(restart(1s, keys, -8h), IsEmpty());
  pass(9min);
  EXPECT_THAT(said, ElementsAre("0 firing 1/1", "60 resolved 0/1"));
  pass(2min);
  EXPECT_THAT(said.back(), "721 resolved 1/1");
}

TEST_F(AggregatorTest, PendingHitsWhoseClockWasSetBackInBetweenArePendingAfterARestartToo) {
  const std::string keys = "when={count=3,within='10s'}\ngroup_wait='0s'\n";
  for (const bool third : {true, false}) {
    said.clear();
    rule(keys);
    hit();
    set_clock(-8s);
    hit();
    EXPECT_THAT(restart(1s, keys), IsEmpty());
    if (third) hit();
    EXPECT_EQ(said.size(), third ? 1U : 0U);
    pass(1h);
    EXPECT_EQ(alerts->next_deadline(), std::nullopt) << "they were let go";
  }
}

TEST_F(AggregatorTest, ARestartWithTheRuleChangedEndsItsAlerts) {
  rule("group_wait='1h'\n");
  hit();
  const auto orphans = restart(1s, "group_wait='1h'\nexclude='y'\n");
  ASSERT_EQ(orphans.size(), 1U);
  EXPECT_EQ(orphans[0].count, 1U);
  EXPECT_EQ(orphans[0].rule, "r");
}

TEST_F(AggregatorTest, AReloadKeepsAlertsOfRulesThatMatchAsBeforeAndEndsTheOthers) {
  const std::string two =
      "[[rule]]\nname='keep'\nmatch='a'\ngroup_wait='1h'\n[[rule]]\nname='change'\nmatch='b'\ngroup_wait='1h'"
      "\n";
  const std::string after =
      "[[rule]]\nname='new'\nmatch='z'\n[[rule]]\nname='keep'\nmatch='a'\ngroup_wait='1h'\nseverity='info'\n"
      "[[rule]]\nname='change'\nmatch='c'\n";
  config = test::rules_of(two);
  alerts.emplace(config.rules, std::map<std::string, std::string>{});
  match::Hit first;
  first.rule = 0;
  match::Hit second;
  second.rule = 1;
  alerts->observe(first, now);
  alerts->observe(second, now);
  const auto changed = test::rules_of(after);
  const auto last = alerts->end_changed(changed.rules, now);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(config.rules[last[0].rule].name, "change");
  EXPECT_EQ(last[0].count, 1U);
  alerts->set_rules(changed.rules, {});
  EXPECT_EQ(alerts->counts().at(1).hits, 1U);
  first.rule = 1;
  alerts->observe(first, now);
  pass(1h + 1s);
  EXPECT_THAT(said, ElementsAre("600 firing 2/2")) << "ten silent minutes end it, its hits are told";
  alerts.reset();
}

TEST_F(AggregatorTest, OnlyChangedKeysAreStored) {
  rule("group_by=['k']\n");
  hit("a");
  hit("b");
  EXPECT_EQ(alerts->take_changes(now).changed.size(), 2U);
  EXPECT_FALSE(alerts->has_changes());
  hit("b");
  const auto changes = alerts->take_changes(now);
  ASSERT_EQ(changes.changed.size(), 1U);
  EXPECT_THAT(changes.changed[0].group, ElementsAre("b"));
  pass(1h);
  EXPECT_EQ(alerts->take_changes(now).erased.size(), 2U);
}

}  // namespace
}  // namespace dingtail::alert
