#include "format/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/json.h"
#include "hostile.h"
#include "inert.h"
#include "reported.h"

namespace dingtail::format {
namespace {

using config::EventKind;
using config::Language;
using config::Severity;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const base::Now kNow{{}, at_clock(10, 40, 0)};

DigestLine line(const std::string& text, Severity severity, std::uint64_t hits) {
  DigestLine out;
  out.rule = "rule-of-" + text;
  out.text = text + (hits > 1 ? " ×" + std::to_string(hits) : "");
  out.severity = severity;
  out.alerts = 1;
  out.hits = hits;
  out.first = at_clock(10, 31, 2);
  out.last = at_clock(10, 36, 40);
  return out;
}

DigestLine ended(const std::string& text) {
  auto out = line(text, Severity::kError, 0);
  out.event = EventKind::kResolved;
  out.alerts = 0;
  out.resolved = 1;
  return out;
}

DigestLine of_rule(const std::string& rule, std::uint64_t alerts, std::uint64_t hits) {
  auto out = line("", Severity::kWarning, hits);
  out.rule = rule;
  out.text.clear();
  out.alerts = alerts;
  out.of_rule = true;
  return out;
}

DigestStyle style(Language language = Language::kEnglish) {
  DigestStyle out;
  out.language = language;
  out.labels = {"web-03", "prod"};
  return out;
}

Digest said(std::vector<DigestLine> lines, const DigestStyle& asked = style()) {
  use_china_time();
  std::ranges::stable_sort(lines, {}, order_of);
  std::vector<const DigestLine*> pointers;
  for (const auto& each : lines) pointers.push_back(&each);
  return digest(pointers, asked, kNow);
}

const std::vector<DigestLine> kExample = {
    line("数据库拒绝连接", Severity::kError, 1051), line("java 被 OOM 杀死", Severity::kCritical, 3),
    line("sdb I/O 错误", Severity::kCritical, 12), ended("web 无响应"), of_rule("ssh-brute-force", 12, 4000)};

TEST(DigestTest, InChinese) {
  const auto out = said(kExample, style(Language::kChinese));
  EXPECT_EQ(out.told, 5U);
  EXPECT_EQ(out.message.title, "[严重] web-03 15 个告警 · 2 个严重 · 1 个已恢复 · 命中 5,066 次");
  EXPECT_EQ(out.message.text, R"(#### 🔴 15 个告警 · 2 个严重 · 1 个已恢复 · 命中 5,066 次

**web-03** · prod · 10:31–10:36 +08:00

**严重 2**

- java 被 OOM 杀死 ×3
- sdb I/O 错误 ×12

**错误 1**

- 数据库拒绝连接 ×1051

**警告 12**

- ssh-brute-force · 12 个告警 · 命中 4,000 次

**已恢复 1**

- web 无响应

已合并，无丢弃。)");
}

TEST(DigestTest, InEnglish) {
  const auto out =
      said({line("login failed", Severity::kInfo, 1), line("disk sdb failed", Severity::kError, 2)});
  EXPECT_EQ(out.message.title, "[ERROR] web-03 2 alerts · 3 hits");
  EXPECT_EQ(out.message.text, R"(#### 🟠 2 alerts · 3 hits

**web-03** · prod · 10:31–10:36 +08:00

**ERROR 1**

- disk sdb failed ×2

**INFO 1**

- login failed

Merged, nothing dropped.)");
}

TEST(DigestTest, OfWhatEndedAlone) {
  const auto out = said({ended("a"), ended("b")});
  EXPECT_EQ(out.message.title, "[RESOLVED] web-03 2 resolved");
  EXPECT_THAT(out.message.text, HasSubstr("#### ✅ 2 resolved"));
}

TEST(DigestTest, TimesOfAnotherDayHaveTheDate) {
  auto old = line("a", Severity::kError, 1);
  old.first -= std::chrono::hours(72);
  EXPECT_THAT(said({old}).message.text, HasSubstr("2026-11-18 10:31–2026-11-21 10:36 +08:00"));
}

TEST(DigestTest, CallsTheUnionOfItsPeopleOnce) {
  auto a = line("a", Severity::kCritical, 1);
  auto b = line("b", Severity::kError, 1);
  a.people = {{"13800000000", "13900000000"}, {"manager"}, false};
  b.people = {{"13900000000"}, {}, true};
  const auto out = said({a, b, line("c", Severity::kError, 1)});
  EXPECT_THAT(out.message.at.mobiles, ElementsAre("13800000000", "13900000000"));
  EXPECT_THAT(out.message.at.user_ids, ElementsAre("manager"));
  EXPECT_TRUE(out.message.at.all);
  EXPECT_THAT(out.message.text, EndsWith("\n\n@13800000000 @13900000000 @manager @all"));
}

// DingTalk takes no more than 50 people in a message: the others' lines wait for the next one.
TEST(DigestTest, EndsBeforeTheLineWhosePeopleItCannotCall) {
  std::vector<DigestLine> lines;
  for (int i = 0; i < 60; ++i) {
    lines.push_back(line("a", i == 59 ? Severity::kCritical : Severity::kError, 1));
    lines.back().people.mobiles = {"138000000" + std::to_string(10 + i)};
  }
  const auto out = said(lines);
  EXPECT_THAT(out.message.at.mobiles, SizeIs(50));
  EXPECT_EQ(out.message.at.mobiles.front(), "13800000069");
  EXPECT_EQ(out.told, 50U);
  EXPECT_THAT(out.message.text, HasSubstr("10 more alerts follow."));
  for (auto& each : lines) each.people.mobiles = {"13800000069"};
  EXPECT_EQ(said(lines).told, 60U);
  EXPECT_EQ(said({line("nobody's", Severity::kError, 1), lines.front()}).told, 2U);
}

TEST(DigestTest, HoldsAKeyword) {
  auto with = style();
  with.keywords = {"告警", "hits"};
  EXPECT_THAT(said(kExample, with).message.text, Not(HasSubstr("告警"))) << "one of them is in it";
  with.keywords = {"告警"};
  EXPECT_THAT(said(kExample, with).message.text, EndsWith("Merged, nothing dropped.\n\n告警"));
}

TEST(DigestTest, TellsAsMuchAsFitsCriticalFirstAndHowMuchFollows) {
  std::vector<DigestLine> lines;
  for (int i = 0; i < 500; ++i) {
    lines.push_back(line(std::to_string(i) + " \"<告警>\" " + std::string(100, 'x'),
                         i == 499 ? Severity::kCritical : Severity::kWarning, 7));
    lines.back().people.user_ids = {std::string(60, 'u') + std::to_string(i % 50)};
  }
  const auto out = said(lines);
  const auto body = body_json(out.message, std::string(64, 'u'));
  EXPECT_LE(body.size(), 20'000U);
  EXPECT_GT(body.size(), 19'000U);
  EXPECT_THAT(parse_markdown(out.message.text).text, HasSubstr("499 \"<告警>\""));
  EXPECT_THAT(out.message.text, HasSubstr("#### 🔴 " + std::to_string(out.told) + " alerts · 1 critical · " +
                                          std::to_string(out.told * 7) + " hits"));
  EXPECT_THAT(out.message.text, HasSubstr(std::to_string(500 - out.told) + " more alerts follow."));
}

TEST(DigestTest, OneLineFitsWhateverItHoldsInHalfTheRoom) {
  auto widest = line(std::string(198, '<'), Severity::kError, 1);
  for (int i = 0; i < 50; ++i)
    widest.people.user_ids.push_back(std::string(62, 'u') + std::to_string(10 + i));
  auto half = style();
  half.max_body_bytes = 10'000;
  half.labels.assign(100, std::string(200, '&'));
  half.keywords = {"告警"};
  const auto out = said({widest, widest}, half);
  EXPECT_GE(out.told, 1U);
  EXPECT_LE(body_json(out.message, std::string(64, 'u')).size(), 10'000U);
}

TEST(DigestTest, LinesOfARuleAddUp) {
  auto rules = of_rule("r", 0, 0);
  rules.people = {};
  auto critical = line("a", Severity::kCritical, 3);
  critical.people.mobiles = {"13800000000"};
  merge(rules, critical);
  EXPECT_EQ(rules.severity, Severity::kCritical);
  EXPECT_EQ(rules.first, critical.first);
  auto repeat = line("a", Severity::kInfo, 4);
  repeat.event = EventKind::kRepeat;
  repeat.last += std::chrono::hours(1);
  merge(rules, repeat);
  merge(rules, ended("a"));
  merge(rules, of_rule("r", 5, 10));
  EXPECT_EQ(rules.alerts, 6U) << "a repeat is no other alert";
  EXPECT_EQ(rules.hits, 17U);
  EXPECT_EQ(rules.resolved, 1U);
  EXPECT_EQ(rules.severity, Severity::kCritical);
  EXPECT_EQ(rules.last, repeat.last);
  EXPECT_THAT(rules.people.mobiles, ElementsAre("13800000000"));
  auto known = of_rule("r", 0, 0);
  merge(known, repeat);
  EXPECT_EQ(known.alerts, 1U) << "of an alert that was told before";
}

TEST(DigestTest, HostileTextDoesNothing) {
  for (const auto& hostile : attacks()) {
    auto bad = line("", Severity::kError, 1);
    bad.text = hostile;
    auto rule = of_rule(std::string(hostile), 2, 3);
    auto asked = style();
    asked.labels = {std::string(hostile), std::string(hostile)};
    const auto out = said({bad, rule}, asked);
    const auto nodes = parse_markdown(out.message.text).nodes;
    for (const char* node :
         {"link", "image", "html_inline", "html_block", "code", "code_block", "block_quote"})
      EXPECT_FALSE(nodes.contains(node)) << node << " of " << hostile << "\n" << out.message.text;
    EXPECT_FALSE(mentions(out.message.text)) << hostile;
    EXPECT_EQ(nodes.at("heading"), 1) << hostile;
    EXPECT_EQ(nodes.at("item"), 2) << hostile;
  }
}

TEST(DigestTest, ALineOfAReport) {
  Case c;
  c.style.mention.mobiles = {"13800000000"};
  config::Problems problems;
  const auto text = [&] { return RuleText::compile(c.rule, c.names, {}, problems); };
  auto out = digest_line(c.report, text(), Language::kChinese, c.style.mention, c.now);
  EXPECT_EQ(out.rule, "kernel-oom");
  EXPECT_EQ(out.text, "java 被 OOM 杀死 ×3");
  EXPECT_EQ(out.severity, Severity::kCritical);
  EXPECT_EQ(out.alerts, 1U);
  EXPECT_EQ(out.hits, 3U);
  EXPECT_THAT(out.people.mobiles, ElementsAre("13800000000"));
  c.rule.summary.by_language = {{Language::kEnglish, located("${count} of ${proc}")}};
  c.report.event = EventKind::kResolved;
  out = digest_line(c.report, text(), Language::kEnglish, c.style.mention, c.now);
  EXPECT_EQ(out.text, "3 of java") << "its summary says the count";
  EXPECT_EQ(out.alerts, 0U);
  EXPECT_EQ(out.resolved, 1U);
  EXPECT_THAT(out.people.mobiles, testing::IsEmpty()) << "firing messages alone mention";
}

TEST(DigestTest, ALineOfAReportSaysTheCountThatALongValueCutsOut) {
  Case c;
  c.rule.summary.by_language[Language::kEnglish] = located("${user} from ${src}: ${count} tries");
  c.report.last_hit.fields = {{"user", std::string(200, 'x')}, {"src", "192.0.2.1"}};
  config::Problems problems;
  const auto text = RuleText::compile(c.rule, c.names, {}, problems);
  EXPECT_EQ(digest_line(c.report, text, Language::kEnglish, {}, c.now).text, std::string(200, 'x') + "… ×3");
  c.report.last_hit.fields["user"] = "root";
  EXPECT_EQ(digest_line(c.report, text, Language::kEnglish, {}, c.now).text, "root from 192.0.2.1: 3 tries");
}

TEST(DigestTest, TellsTheCountsOfLogsFromItsOwn) {
  Case c;
  c.report.last_hit.fields = {{"proc", "db0 down ×900 · 12 alerts"}};
  config::Problems problems;
  const auto text = RuleText::compile(c.rule, c.names, {}, problems);
  EXPECT_THAT(said({digest_line(c.report, text, Language::kEnglish, {}, c.now)}).message.text,
              HasSubstr("- db0 down \\\\×900 \\\\· 12 alerts killed by OOM ×3\n"));
}

TEST(DigestTest, LinesComeBackFromJson) {
  auto all = kExample;
  all[0].people = {{"1"}, {"u"}, true};
  EXPECT_EQ(parse_lines(lines_json(all)), all);
  EXPECT_EQ(parse_lines("[]"), std::vector<DigestLine>{});
  for (const char* broken : {"", "{", "[1]", "[{}]", "{\"rule\":1}"})
    EXPECT_FALSE(parse_lines(broken)) << broken;
}

}  // namespace
}  // namespace dingtail::format
