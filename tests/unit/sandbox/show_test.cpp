#include "sandbox/show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dingtail::sandbox {
namespace {

using testing::HasSubstr;
using testing::Not;

Received received(const std::string& text, At at = {}) {
  Received out;
  out.at = base::from_unix_ms(1'700'000'000'123);
  out.verdict.checks = {{"token", true, ""}, {"signature", true, ""}};
  out.verdict.posted = {"markdown", "disk full", text, std::move(at), "u-1"};
  out.verdict.body_bytes = 120;
  return out;
}

std::string time_of(const Received& message) {
  return base::print_clock(message.at);
}

TEST(Show, TellsTimeOutcomeChecksAndTheMessage) {
  const auto message = received("#### disk full\n\n**db-1** · prod\n\n- **Time**: 10:31\n\n@13800000000",
                                {{"13800000000"}, {"manager1"}, true});
  EXPECT_EQ(show(message, Style::kPlain), time_of(message) +
                                              " accepted ✓ token ✓ signature\n"
                                              "    [disk full]\n"
                                              "    disk full\n"
                                              "\n"
                                              "    db-1 · prod\n"
                                              "\n"
                                              "    - Time: 10:31\n"
                                              "\n"
                                              "    @13800000000\n"
                                              "    mentioned: 13800000000, manager1, everybody\n");
}

TEST(Show, TellsWhyAMessageWasRefusedAndKeepsItFromTheGroup) {
  auto message = received("unseen");
  message.verdict.errcode = 310000;
  message.verdict.errmsg = "sign not match";
  message.verdict.checks.back() = {"signature", false, "another secret"};
  EXPECT_EQ(show(message, Style::kPlain),
            time_of(message) +
                " refused 310000 sign not match ✓ token ✗ signature (another secret)\n    [disk full]\n");
}

TEST(Show, TellsTheStatusOfAGateway) {
  auto message = received("unseen");
  message.verdict.http_status = 502;
  EXPECT_THAT(show(message, Style::kPlain), HasSubstr(" refused HTTP 502 ✓"));
}

TEST(Show, ShowsARepeatOnceOnly) {
  auto message = received("seen before");
  message.verdict.repeat = true;
  EXPECT_THAT(show(message, Style::kPlain), HasSubstr("accepted, a repeat"));
  EXPECT_THAT(show(message, Style::kPlain), Not(HasSubstr("seen before")));
}

TEST(Show, TurnsEscapesIntoTheirCharacters) {
  EXPECT_THAT(show(received(R"(a\_b \*\*c\*\* \\ &lt;b&gt; &amp;lt; C:\dir)"), Style::kPlain),
              HasSubstr("    a_b **c** \\ <b> &lt; C:\\dir\n"));
}

TEST(Show, LeavesHashesThatAreNoHeading) {
  EXPECT_THAT(show(received("#42 closed\n####### seven"), Style::kPlain),
              HasSubstr("    #42 closed\n    ####### seven\n"));
}

TEST(Show, LetsNothingSteerTheTerminal) {
  auto message = received(
      "a\x1b[2Jb\r\x07\x7F\xC2\x9B"
      "31m",
      {{}, {"u\x1b]0;x"}, false});
  message.verdict.posted.title = "t\x1b[1m";
  message.verdict.checks.push_back({"schema", false, "\x1b[0m"});
  const std::string shown = show(message, Style::kPlain);
  EXPECT_THAT(shown, HasSubstr(R"(a\x1b[2Jb\x0d\x07\x7f\x9b31m)"));
  for (const char c : {'\x1b', '\r', '\x07', '\x7F', '\x9B'}) EXPECT_EQ(shown.find(c), std::string::npos);
}

TEST(Show, KeepsTextOfAllTheWorld) {
  EXPECT_THAT(show(received("🔴 告警 · düsseldorf"), Style::kPlain), HasSubstr("    🔴 告警 · düsseldorf\n"));
}

TEST(Show, ColoursOnRequestOnly) {
  EXPECT_THAT(show(received("#### x"), Style::kPlain), Not(HasSubstr("\x1b")));
  const std::string coloured = show(received("#### x"), Style::kColour);
  EXPECT_THAT(coloured, HasSubstr("\x1b[32maccepted\x1b[0m"));
  EXPECT_THAT(coloured, HasSubstr("\x1b[1mx\x1b[0m"));
}

TEST(ShowJson, IsOneObjectInOneLine) {
  const auto message = received("a\nb \"c\"", {{"13800000000"}, {"manager1"}, false});
  EXPECT_EQ(
      to_json(message),
      R"({"time":")" + base::print_rfc3339(message.at) +
          R"(","accepted":true,"errcode":0,"errmsg":"ok","http_status":200,"repeat":false,)"
          R"("checks":[{"name":"token","passed":true,"detail":""},{"name":"signature","passed":true,"detail":""}],)"
          R"("msgtype":"markdown","title":"disk full","text":"a\nb \"c\"",)"
          R"("at":{"mobiles":["13800000000"],"user_ids":["manager1"],"all":false},)"
          R"("msg_uuid":"u-1","body_bytes":120})");
}

TEST(ShowJson, TellsARefusal) {
  auto message = received("a");
  message.verdict.errcode = 410100;
  EXPECT_THAT(to_json(message), HasSubstr(R"("accepted":false,"errcode":410100)"));
  message.verdict.errcode = 0;
  message.verdict.http_status = 502;
  EXPECT_THAT(to_json(message), HasSubstr(R"("accepted":false,"errcode":0)"));
}

}  // namespace
}  // namespace dingtail::sandbox
