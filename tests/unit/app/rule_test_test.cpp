#include "app/rule_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_text.h"

namespace dingtail::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TestReport run(const std::string& text) {
  const auto config = test::rules_of(text);
  TestReport report;
  for (const auto& rule : config.rules) run_tests(rule, config, report);
  return report;
}

std::vector<std::string> failures(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& failure : run(text).failures)
    out.push_back(std::to_string(failure.place.line) + " " + failure.what + ": expected " + failure.expected +
                  ", got " + failure.got);
  return out;
}

constexpr const char* kRule =
    "[[rule]]\nname='ssh'\nmatch='Failed password for (?P<user>\\S+) from (?P<src>\\S+)'\n"
    "summary='${count} failed from ${src}'\ngroup_by=['src']\nwhen={count=2,within='1m'}\n";

TEST(RuleTest, ARightExpectationPasses) {
  EXPECT_THAT(
      failures(std::string(kRule) + "[[rule.test]]\n"
                                    "lines=['Failed password for root from 203.0.113.9', "
                                    "{at='10:00:40',line='Failed password for bob from 203.0.113.9'}]\n"
                                    "expect={hits=2,alerts=1,captures={user='bob'},events=['firing'],message_"
                                    "contains='2 failed from 203'}\n"),
      IsEmpty());
}

TEST(RuleTest, EveryWrongExpectationIsToldWithWhatCameInstead) {
  EXPECT_THAT(
      failures(
          std::string(kRule) +
          "[[rule.test]]\nlines=['Failed password for root from 203.0.113.9']\n"
          "expect={hits=2,alerts=1,captures={user='bob',port='1'},events=['firing'],message_contains='x'}\n"),
      ElementsAre("7 hits: expected 2, got 1", "7 alerts: expected 1, got 0",
                  "7 capture port: expected 1, got (none)", "7 capture user: expected bob, got root",
                  "7 events: expected firing, got ",
                  "7 message: expected one that contains \"x\", got no message"));
}

TEST(RuleTest, TimeBetweenLinesCounts) {
  const std::string lines =
      "[[rule.test]]\nlines=[{at='10:00:00',line='Failed password for a from "
      "b'},{at='10:01:00.001',line='Failed password for a from b'}]\n";
  EXPECT_THAT(failures(kRule + lines + "expect={hits=2,alerts=0,events=[]}\n"), IsEmpty());
}

TEST(RuleTest, AdvancePassesAfterTheLastLine) {
  const std::string rule = "[[rule]]\nname='r'\nmatch='x'\nresolve_after='5m'\n";
  EXPECT_THAT(failures(rule + "[[rule.test]]\nlines=['x']\nadvance='1s'\nexpect={alerts=1,events=[]}\n"),
              IsEmpty());
  EXPECT_THAT(failures(rule + "[[rule.test]]\nlines=['x']\nexpect={events=['firing']}\n"), IsEmpty());
  EXPECT_THAT(
      failures(rule + "[[rule.test]]\nlines=['x']\nadvance='10m'\nexpect={events=['firing','resolved']}\n"),
      IsEmpty());
}

constexpr const char* kDated =
    "[[source]]\nname='app'\npaths=['/x']\npath_labels='^/srv/(?P<shop>\\w+)/'\n"
    "multiline={start='^\\d\\d:\\d\\d ',timeout='3s'}\n"
    "[[rule]]\nname='r'\nmatch='ERROR (?P<what>\\w+)(?s:.*)Caused by: (?P<why>\\w+)'\nsources=['app']\n"
    "group_by=['shop','why']\nsummary='${labels.shop}: ${why} ×${count}'\ngroup_wait='5s'\n"
    "[[rule.test]]\npath='/srv/tea/app.log'\n";

TEST(RuleTest, LinesAreJoinedAsTheirSourceSays) {
  const auto* lines = "'10:00 ERROR Pay','  at f','Caused by: Timeout','10:00 fine','10:01 ERROR Pay'";
  EXPECT_THAT(failures(std::string(kDated) + "lines=[" + lines +
                       ",'Caused by: Timeout']\nexpect={hits=2,alerts=1,captures={why='Timeout'},"
                       "message_contains='Timeout ×2'}\n"),
              IsEmpty());
  EXPECT_THAT(failures(std::string(kDated) + "lines=[" + lines + "]\nexpect={hits=1}\n"), IsEmpty());
}

TEST(RuleTest, OneStringMayHoldAllLinesOfARecord) {
  EXPECT_THAT(
      failures(std::string(kDated) +
               "lines=[\"\"\"10:00 ERROR Pay\n\n  at f\nCaused by: Timeout\n\"\"\"]\nexpect={hits=1}\n"),
      IsEmpty());
}

TEST(RuleTest, ARecordIsCompleteWhenItsTimeoutHasPassed) {
  const std::string late = "{at='10:00:04',line='Caused by: Timeout'}";
  EXPECT_THAT(failures(std::string(kDated) + "lines=[{at='10:00:00',line='10:00 ERROR Pay'}," + late +
                       "]\nexpect={hits=0}\n"),
              IsEmpty());
  EXPECT_THAT(failures(std::string(kDated) +
                       "lines=[{at='10:00:00',line='10:00 ERROR Pay'},{at='10:00:02',line='x'}," + late +
                       "]\nexpect={hits=1}\n"),
              IsEmpty());
  EXPECT_THAT(failures(std::string(kDated) +
                       "lines=['10:00 ERROR Pay','Caused by: Timeout']\nadvance='2s'\nexpect={hits=0}\n"),
              IsEmpty())
      << "not within the two seconds that pass";
}

TEST(RuleTest, ThePathGivesItsLabels) {
  const std::string lines = "lines=['10:00 ERROR Pay','Caused by: Timeout']\n";
  EXPECT_THAT(failures(kDated + lines + "expect={message_contains='tea: Timeout'}\n"), IsEmpty());
}

TEST(RuleTest, CountsPassedAndFailedTests) {
  const auto report = run(std::string(kRule) + "[[rule.test]]\nlines=['no']\nexpect={hits=0}\n" +
                          "[[rule.test]]\nlines=['no']\nexpect={hits=1,alerts=1}\n");
  EXPECT_EQ(report.passed, 1U);
  EXPECT_EQ(report.failed, 1U);
  EXPECT_EQ(report.failures.size(), 2U);
}

// The ten packs' own tests, by the same path as `dingtail test`.
TEST(RuleTest, EveryTestOfTheShippedPacksPasses) {
  const auto config = config::load_without_file("/nonexistent").config;
  TestReport report;
  for (const auto& rule : config.rules) run_tests(rule, config, report);
  EXPECT_EQ(report.failed, 0U);
  EXPECT_GT(report.passed, 100U);
  for (const auto& failure : report.failures)
    ADD_FAILURE() << failure.rule << ": " << failure.what << ": " << failure.got;
}

}  // namespace
}  // namespace dingtail::app
