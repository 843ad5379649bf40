// Whatever the logs hold, a message has the nodes of its layout and no others, calls the configured people
// alone, and fits a robot's limit. Judged by a CommonMark parser and a JSON parser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hostile.h"
#include "hostile_message.h"

namespace dingtail::format {
namespace {

constexpr auto kNone = std::string_view::npos;

// Its heading reads as the user that the log names.
void expect_inert(const Case& c) {
  const Message out = c.message();
  SCOPED_TRACE(::testing::PrintToString(out.text));
  EXPECT_THAT(harm_of(out), ::testing::IsEmpty());
  const std::string user = foreign(base::trim(c.report.last_hit.fields.at("user")), 200);
  const std::string heading = "🔴 CRITICAL · " + seen(user.substr(0, user.size() < 190 ? user.size() : 0));
  EXPECT_TRUE(seen(parse_markdown(out.text).heading).starts_with(heading)) << user;
}

TEST(HostileMessage, OfEveryKnownAttackIsInert) {
  for (const auto& attack : attacks()) expect_inert(case_of({attack, attack, attack, attack, attack}));
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
