// Whatever the logs hold, a message has the nodes of its layout and no others, calls the configured people
// alone, and fits a robot's limit. Judged by a CommonMark parser and a JSON parser.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "format/escape.h"
#include "format/json.h"
#include "hostile.h"
#include "inert.h"
#include "reported.h"

namespace dingtail::format {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kMentions = "@13800000000 @manager_8231 @all";

Case case_of(const std::array<std::string, 5>& texts) {
  Case c;
  c.rule.summary.by_language[config::Language::kEnglish] = located("${user} from ${src:-nowhere}");
  c.rule.group_by = {located("src"), located("proc")};
  c.report.labels = {{"host", "web-" + texts[0] + "-1"}, {"env", texts[1]}, {"app", texts[2]}};
  c.report.last_hit.path = "/var/log/" + texts[1];
  c.report.last_hit.record = texts[0];
  c.report.last_hit.fields = {{"user", texts[3]}, {"src", texts[4]}, {"proc", texts[0]}};
  c.report.group = {texts[4], texts[0]};
  c.report.samples = {{texts[0], 1}, {texts[1] + "\n" + texts[2], 2}, {"x\n" + texts[3], 3}};
  c.report.count = 9;
  c.style.mention = {.mobiles = {"13800000000"}, .user_ids = {"manager_8231"}, .all = true};
  return c;
}

// The text before the mention line, which must be there exactly once, at the end.
std::string without_mentions(const std::string& text) {
  const std::string line = "\n\n" + std::string(kMentions);
  EXPECT_TRUE(text.ends_with(line));
  return text.substr(0, text.size() - std::min(line.size(), text.size()));
}

// One heading, one list of three, four bold words; quotes, and nothing else.
void expect_only_the_layout(Parsed parsed) {
  const std::map<std::string, int> exactly = {{"heading", 1}, {"list", 1}, {"item", 3}, {"strong", 4}};
  for (const auto& [type, count] : exactly) EXPECT_EQ(parsed.nodes[type], count) << type;
  EXPECT_LE(parsed.nodes["block_quote"], 3);
  for (const char* own :
       {"heading", "list", "item", "strong", "block_quote", "paragraph", "text", "linebreak", "emph"})
    parsed.nodes.erase(own);
  for (const auto& [type, count] : parsed.nodes) ADD_FAILURE() << count << " nodes of type " << type;
}

void expect_inert(const Case& c) {
  const Message out = c.message();
  const std::string text = without_mentions(out.text);
  SCOPED_TRACE(::testing::PrintToString(out.text));
  EXPECT_FALSE(mentions(text) || text.find("//") != kNone);
  EXPECT_EQ((out.title + out.plain).find('\x1b'), std::string::npos);

  const Parsed parsed = parse_markdown(out.text);
  expect_only_the_layout(parsed);
  const std::string user = plain(base::trim(c.report.last_hit.fields.at("user")));
  const std::string heading = "🔴 CRITICAL · " + seen(user.substr(0, user.size() < 190 ? user.size() : 0));
  EXPECT_TRUE(seen(parsed.heading).starts_with(heading)) << user;

  const std::string body = body_json(out, std::string(36, 'u'));
  EXPECT_TRUE(body.size() <= 20'000 && base::is_utf8(body) && nlohmann::json::accept(body)) << body;
}

TEST(HostileMessage, OfEveryKnownAttackIsInert) {
  for (const auto& attack : attacks()) expect_inert(case_of({attack, attack, attack, attack, attack}));
}

TEST(HostileMessage, OfRandomAttacksIsInert) {
  Hostile hostile;
  for (int i = 0; i < 5'000 && !HasFailure(); ++i)
    expect_inert(
        case_of({hostile.text(12), hostile.text(8), hostile.text(8), hostile.text(8), hostile.text(4)}));
}

TEST(HostileMessage, MentionsOnlyConfiguredPeopleWhateverTheLineSays) {
  const std::string line =
      "@all @13800000000 [click](https://evil.example) ![x](https://evil.example/a.png)\n# big";
  Case c = case_of({line, line, line, line, line});
  c.style.mention = {};
  const Message out = c.message();
  EXPECT_FALSE(mentions(out.text));
  EXPECT_FALSE(out.at.all);
  EXPECT_TRUE(out.at.mobiles.empty());
  Parsed parsed = parse_markdown(out.text);
  EXPECT_EQ(parsed.nodes["heading"], 1);
  EXPECT_EQ(parsed.nodes["link"], 0);
  EXPECT_EQ(parsed.nodes["image"], 0);
}

// Everything at its longest that a configuration may ask for, filled with `text`.
Case longest_case(const std::string& text) {
  Case c = case_of({text, text, text, text, text});
  for (int i = 0; i < 100; ++i) c.report.labels["l" + std::to_string(i)] = text.substr(0, 400);
  c.rule.name = text.substr(0, 1000);
  c.rule.samples = {.max = 20, .lines = 50};
  c.rule.runbook = "https://w.example/" + std::string(900, 'r');
  c.report.samples.assign(20, {text, 7});
  c.report.event = config::EventKind::kRepeat;
  c.style.keywords = {"告警告警告警告警"};
  c.style.mention.on = {config::EventKind::kRepeat};
  c.style.mention.mobiles.assign(25, "+852-1234567890");
  c.style.mention.user_ids.assign(25, std::string(64, 'u'));
  return c;
}

TEST(HostileMessage, FitsTheRobotsLimitWhateverTheRecordsHold) {
  // The widest that a byte can become: entities, breaks, escapes, escapes of escapes, invalid bytes.
  for (const std::string piece : {"a", "&", "@", "/", "\\", "\"", "_", "\x1b", "\xE2\x80\xAE", "\xFF", "错",
                                  "🔥", "\n", "x\n", "&\n", "\x01", "a "}) {
    std::string text;
    while (text.size() < 256UL * 1024) text += piece;
    const Message out = longest_case(text).message();
    EXPECT_LE(body_json(out, std::string(64, 'u')).size(), 20'000U) << ::testing::PrintToString(piece);
    EXPECT_TRUE(base::is_utf8(out.text) && out.text.ends_with("u @all") &&
                out.text.find(" · still firing, 3 hits in total\n") != kNone);
  }
}

TEST(HostileMessage, UsesMostOfTheLimitWhereThereIsMuchToShow) {
  Case c;
  c.rule.samples = {.max = 40, .lines = 6};
  c.report.samples.assign(40, {std::string(900, 'x'), 1});
  EXPECT_GT(body_json(c.message(), std::string(36, 'u')).size(), 19'000U);
}

}  // namespace
}  // namespace dingtail::format
