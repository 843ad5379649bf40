#include "format/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/json.h"
#include "reported.h"

namespace dingtail::format {
namespace {

using config::EventKind;
using config::Language;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Message, TellsOfAFiringAlertAsTheContractShows) {
  Case c;
  c.rule.runbook = "https://wiki.example/oom";
  c.style.mention.mobiles = {"13800000000"};
  const Message out = c.message();
  EXPECT_EQ(out.title, "[CRITICAL] web-03 java killed by OOM ×3");
  EXPECT_EQ(out.text, R"(#### 🔴 CRITICAL · java killed by OOM ×3

**web-03** · order · prod

- **Time**: 10:31:02–10:31:40 +08:00
- **Rule**: kernel-oom
- **File**: /var/log/kern.log

> Out of memory: Killed process 812 (java) ×3

[Runbook](https://wiki.example/oom)

@13800000000)");
  EXPECT_EQ(out.plain, R"(🔴 CRITICAL · java killed by OOM ×3
  web-03 · order · prod
  Time: 10:31:02–10:31:40 +08:00
  Rule: kernel-oom
  File: /var/log/kern.log
    Out of memory: Killed process 812 (java) ×3)");
}

TEST(Message, SpeaksChinese) {
  Case c;
  c.style.language = Language::kChinese;
  c.rule.runbook = "https://wiki.example/oom";
  const Message out = c.message();
  EXPECT_EQ(out.title, "[严重] web-03 java 被 OOM 杀死 ×3");
  EXPECT_EQ(out.text, R"(#### 🔴 严重 · java 被 OOM 杀死 ×3

**web-03** · order · prod

- **时间**: 10:31:02–10:31:40 +08:00
- **规则**: kernel-oom
- **文件**: /var/log/kern.log

> Out of memory: Killed process 812 (java) ×3

[处理手册](https://wiki.example/oom))");
}

TEST(Message, SaysThatARepeatedAlertGoesOn) {
  Case c;
  c.report.event = EventKind::kRepeat;
  c.report.total = 1051;
  EXPECT_THAT(c.message().text,
              HasSubstr("#### 🔴 CRITICAL · java killed by OOM ×3 · still firing, 1,051 hits in total\n\n"));
  EXPECT_EQ(c.message().title, "[CRITICAL] web-03 java killed by OOM ×3");
  c.style.language = Language::kChinese;
  EXPECT_THAT(c.message().text, HasSubstr("#### 🔴 严重 · java 被 OOM 杀死 ×3 · 持续中，累计 1,051 次\n\n"));
}

TEST(Message, SaysHowLongAResolvedAlertLasted) {
  Case c;
  c.report.event = EventKind::kResolved;
  c.report.last = c.report.since + std::chrono::minutes(12) + std::chrono::milliseconds(30'400);
  c.report.samples = {};
  EXPECT_EQ(c.message().title, "[RESOLVED] web-03 java killed by OOM");
  EXPECT_EQ(c.message().text, R"(#### ✅ RESOLVED · java killed by OOM · after 12m30s · 3 hits in total

**web-03** · order · prod

- **Time**: 10:31:02–10:43:32 +08:00
- **Rule**: kernel-oom
- **File**: /var/log/kern.log)");
  c.style.language = Language::kChinese;
  EXPECT_THAT(c.message().text, HasSubstr("#### ✅ 已恢复 · java 被 OOM 杀死 · 持续 12m30s · 累计 3 次\n\n"));
  EXPECT_EQ(c.message().title, "[已恢复] web-03 java 被 OOM 杀死");
}

TEST(Message, CountsTheHitsThatAResolvedAlertHadNotReported) {
  Case c;
  c.report.event = EventKind::kResolved;
  c.report.total = 7;
  EXPECT_THAT(c.message().text, HasSubstr("java killed by OOM ×3 · after 38s · 7 hits in total"));
}

TEST(Message, ShowsEachSeverityByItsSign) {
  Case c;
  for (const auto& [severity, sign] : {std::pair{config::Severity::kInfo, "#### 🔵 INFO · "},
                                       {config::Severity::kWarning, "#### 🟡 WARNING · "},
                                       {config::Severity::kError, "#### 🟠 ERROR · "}}) {
    c.rule.severity = severity;
    EXPECT_THAT(c.message().text, ::testing::StartsWith(sign));
  }
}

TEST(Message, CountsOnlyFromTwoOnAndNotWhatTheSummaryCounts) {
  Case c;
  c.report.count = c.report.total = c.report.samples[0].count = 1;
  EXPECT_THAT(c.message().text, Not(HasSubstr("×")));
  c.report.count = 5;
  c.rule.summary.by_language[Language::kEnglish] = located("${count} kills");
  EXPECT_EQ(c.message().title, "[CRITICAL] web-03 5 kills");
  EXPECT_THAT(c.message().text, HasSubstr("#### 🔴 CRITICAL · 5 kills\n\n"));
}

TEST(Message, TellsTheRuleWhereThereIsNoSummary) {
  Case c;
  c.rule.summary.by_language.clear();
  EXPECT_THAT(c.message().text, HasSubstr("#### 🔴 CRITICAL · kernel-oom ×3\n\n"));
  c.rule.summary.by_language[Language::kEnglish] = located("${src}");  // not in this hit
  EXPECT_THAT(c.message().text, HasSubstr("#### 🔴 CRITICAL · kernel-oom ×3\n\n"));
}

TEST(Message, ShowsTheDateWhereItIsNotToday) {
  Case c;
  c.now.wall = at_clock(10, 32, 0) + std::chrono::days(1);
  EXPECT_THAT(c.message().text, HasSubstr("- **Time**: 2026-11-21 10:31:02–10:31:40 +08:00\n"));
  c.report.first -= std::chrono::days(1);
  EXPECT_THAT(c.message().text, HasSubstr("- **Time**: 2026-11-20 10:31:02–2026-11-21 10:31:40 +08:00\n"));
  c.now.wall = at_clock(10, 32, 0);
  EXPECT_THAT(c.message().text, HasSubstr("- **Time**: 2026-11-20 10:31:02–2026-11-21 10:31:40 +08:00\n"));
}

TEST(Message, ShowsOneTimeForOneMoment) {
  Case c;
  c.report.last = c.report.first + std::chrono::milliseconds(300);
  EXPECT_THAT(c.message().text, HasSubstr("- **Time**: 10:31:02 +08:00\n"));
}

TEST(Message, LeavesOutLabelsThatTheSummaryShows) {
  Case c;
  c.rule.summary.by_language[Language::kEnglish] = located("${src} hits ${labels.env}");
  c.rule.group_by = {located("src"), located("user")};
  c.report.group = {"203.0.113.9", "root"};
  EXPECT_THAT(c.message().text, HasSubstr("\n\n**web-03** · order · root\n\n"));
}

TEST(Message, HasNoLabelsLineWithoutLabels) {
  Case c;
  c.report.labels.clear();
  EXPECT_THAT(c.message().text, HasSubstr("×3\n\n- **Time**"));
  EXPECT_EQ(c.message().title, "[CRITICAL] java killed by OOM ×3");
}

TEST(Message, QuotesTheFirstLinesOfEachSample) {
  Case c;
  c.rule.samples.lines = 2;
  c.report.count = 9;
  c.report.samples = {{"java.lang.Error: x\n\tat a.B\n\n\tat a.C\n\tat a.D\n", 2}, {"short\r\n", 1}};
  EXPECT_THAT(c.message().text, HasSubstr("\n\n> java.lang.Error: x ×2  \n> \xC2\xA0"
                                          "at a.B  \n> *… 2 more lines*"
                                          "\n\n> short\n\nand 6 more hits"));
  EXPECT_THAT(c.message().plain, EndsWith("\n    java.lang.Error: x ×2\n     at a.B\n    … 2 more lines"
                                          "\n    short\n  and 6 more hits"));
}

TEST(Message, KnowsEveryVariable) {
  Case c;
  c.names.captures = {"proc"};
  c.rule.runbook = "https://w/oom";
  c.report.total = 10;
  c.report.samples.push_back({"second", 1});
  c.rule.title.by_language[Language::kEnglish] =
      located("${rule}|${severity}|${event}|${count}|${total}|${first}|${last}|${duration}|${host}|${id}");
  EXPECT_EQ(c.message().title, "kernel-oom|critical|firing|3|10|10:31:02|10:31:40|38s|web-03|a1");
  c.rule.title.by_language[Language::kEnglish] = located(
      "${path}|${source}|${context:-none}|${runbook}|${labels.env}|${proc}|${env:SITE}|${env:NO:-unset}");
  EXPECT_EQ(c.message().title, "/var/log/kern.log|kern|none|https://w/oom|prod|java|hz|unset");
  c.rule.title.by_language[Language::kEnglish] = located("${line}|${samples}");
  EXPECT_EQ(c.message().title,
            "Out of memory: Killed process 812 (java)|Out of memory: Killed process 812 (java) second");
}

TEST(Message, CutsALongTitleButNotItsCount) {
  Case c;
  c.report.last_hit.fields["proc"] = std::string(190, 'x');
  EXPECT_EQ(c.message().title, "[CRITICAL] web-03 " + std::string(102, 'x') + "… ×3");
  c.rule.title.by_language[Language::kEnglish] = located("${proc} and so on");
  EXPECT_EQ(c.message().title, std::string(120, 'x') + "…");
}

TEST(Message, SaysTheCountWhereALongValueCutsItOutOfTheSummary) {
  Case c;
  c.rule.summary.by_language[Language::kEnglish] = located("${user} from ${src} on ${proc}: ${count} tries");
  for (const char* name : {"user", "src", "proc"}) c.report.last_hit.fields[name] = std::string(200, 'x');
  c.report.count = c.report.total = 1051;
  EXPECT_THAT(c.message().title, EndsWith("x… ×1,051"));
  EXPECT_THAT(c.message().text, HasSubstr("x… ×1,051\n\n"));
  EXPECT_THAT(c.message().plain, HasSubstr("x… ×1,051\n"));
  c.rule.title.by_language[Language::kEnglish] = located("${user}: ${count} tries");
  EXPECT_EQ(c.message().title, std::string(120, 'x') + "… ×1,051");
  c.report.last_hit.fields["user"] = "root";
  EXPECT_EQ(c.message().title, "root: 1051 tries");
}

TEST(Message, KeepsTheTemplatesOwnMarkdownInTheHeadingAlone) {
  Case c;
  c.rule.summary.by_language[Language::kEnglish] = located("**${proc}**\nis gone");
  c.report.last_hit.fields["proc"] = "*a*";
  EXPECT_THAT(c.message().text, HasSubstr("#### 🔴 CRITICAL · **\\*a\\*** is gone ×3\n\n"));
}

TEST(Message, TellsTheCountsOfLogsFromItsOwn) {
  Case c;
  c.rule.summary.by_language[Language::kEnglish] = located("${proc} ×2 · 5 tries");
  c.report.last_hit.fields = {{"proc", "java killed ×1,051 · 12 alerts"}};
  c.report.samples = {{"db0 down ×900", 3}};
  const Message out = c.message();
  EXPECT_THAT(out.text,
              HasSubstr("#### 🔴 CRITICAL · java killed \\\\×1,051 \\\\· 12 alerts ×2 · 5 tries ×3\n\n"));
  EXPECT_THAT(out.text, HasSubstr("\n> db0 down \\\\×900 ×3"));
  EXPECT_EQ(out.title, "[CRITICAL] web-03 java killed \\×1,051 \\· 12 alerts ×2 · 5 tries ×3");
  EXPECT_THAT(out.plain, EndsWith("\n    db0 down \\×900 ×3"));
}

TEST(Message, CallsPeopleByBothHalvesInTheLastParagraph) {
  Case c;
  c.style.mention = {.mobiles = {"13800000000", "+852-12345678"}, .user_ids = {"manager_8231"}, .all = true};
  const Message out = c.message();
  EXPECT_THAT(out.text, EndsWith("\n\n@13800000000 @+852-12345678 @manager_8231 @all"));
  EXPECT_EQ(out.at.mobiles, c.style.mention.mobiles);
  EXPECT_EQ(out.at.user_ids, c.style.mention.user_ids);
  EXPECT_TRUE(out.at.all);
}

TEST(Message, CallsNobodyOnEventsTheMentionIsNotFor) {
  Case c;
  c.style.mention = {.mobiles = {"13800000000"}, .user_ids = {"u1"}, .all = true};
  c.report.event = EventKind::kResolved;
  EXPECT_THAT(c.message().text, Not(HasSubstr("@")));
  EXPECT_TRUE(c.message().at.mobiles.empty());
  EXPECT_TRUE(c.message().at.user_ids.empty());
  EXPECT_FALSE(c.message().at.all);
  c.style.mention.on = {EventKind::kResolved};
  EXPECT_THAT(c.message().text, EndsWith("\n\n@13800000000 @u1 @all"));
}

TEST(Message, CallsFiftyPeopleAtMost) {
  Case c;
  for (int i = 0; i < 40; ++i) {
    c.style.mention.mobiles.push_back(std::to_string(13800000000 + i));
    c.style.mention.user_ids.push_back("u" + std::to_string(i));
  }
  EXPECT_EQ(c.message().at.mobiles.size(), 40U);
  EXPECT_EQ(c.message().at.user_ids.size(), 10U);
  EXPECT_THAT(c.message().text, EndsWith("@u8 @u9"));
}

TEST(Message, AddsAKeywordOnlyWhereNoneOccurs) {
  Case c;
  c.style.mention.mobiles = {"13800000000"};
  c.style.keywords = {"告警", "监控"};
  EXPECT_THAT(c.message().text, EndsWith("(java) ×3\n\n告警\n\n@13800000000"));
  c.style.keywords = {"告警", "OOM"};
  EXPECT_THAT(c.message().text, EndsWith("(java) ×3\n\n@13800000000"));
  c.rule.title.by_language[Language::kEnglish] = located("告警");
  c.style.keywords = {"告警"};
  EXPECT_THAT(c.message().text, EndsWith("(java) ×3\n\n@13800000000"));
}

TEST(Message, LinksTheRunbookOnlyOnTheWebAndWhole) {
  Case c;
  c.rule.runbook = "https://w.example/a (b)?q=\"x\"";
  EXPECT_THAT(c.message().text, EndsWith("\n\n[Runbook](https://w.example/a%20%28b%29?q=%22x%22)"));
  c.rule.runbook = "javascript:alert(1)";
  EXPECT_THAT(c.message().text, Not(HasSubstr("Runbook")));
}

Case with_three_long_samples(std::size_t max_body_bytes) {
  Case c;
  c.report.samples = {{std::string(900, 'a'), 1}, {std::string(900, 'b'), 1}, {std::string(900, 'c'), 1}};
  c.style.max_body_bytes = max_body_bytes;
  return c;
}

std::size_t body_size(const Case& c) {
  return body_json(c.message(), std::string(64, 'u')).size();
}

TEST(Message, ShowsLessOfSamplesThenFewerAndSaysSo) {
  EXPECT_THAT(with_three_long_samples(1800).message().text,
              EndsWith("> " + std::string(900, 'a') + "\n\n> " + std::string(250, 'b') + "…\n\n> " +
                       std::string(80, 'c') + "…"));
  EXPECT_LE(body_size(with_three_long_samples(1800)), 1800U);
  EXPECT_THAT(with_three_long_samples(600).message().text,
              EndsWith("> " + std::string(80, 'a') + "…\n\nand 2 more hits"));
  EXPECT_LE(body_size(with_three_long_samples(600)), 600U);
}

TEST(Message, LeavesOutLabelsAfterSamplesAndSaysSo) {
  Case c = with_three_long_samples(500);
  EXPECT_THAT(c.message().text, EndsWith("kern.log\n\nand 3 more hits"));
  EXPECT_THAT(c.message().text, HasSubstr("**web-03** · order · prod\n\n"));
  for (int i = 0; i < 40; ++i) c.report.labels["l" + std::to_string(100 + i)] = "value-" + std::to_string(i);
  EXPECT_THAT(c.message().text, ::testing::ContainsRegex("order · prod · value-0 · .*and [0-9]+ more\n\n- "));
  EXPECT_LE(body_size(c), 500U);
}

}  // namespace
}  // namespace dingtail::format
