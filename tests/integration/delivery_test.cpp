// A hit becomes a message: signed, accepted, readable, with the right people called and nobody else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/host.h"
#include "unit/format/parsed.h"

namespace dingtail::integration {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class Delivery : public Host {
 protected:
  // The first message that the group sees.
  sandbox::Posted first_message() {
    EXPECT_TRUE(group().wait_for(1));
    const auto messages = group().messages();
    return messages.empty() ? sandbox::Posted{} : messages.front().verdict.posted;
  }
};

bool passed(const sandbox::Received& received, const std::string& name) {
  for (const auto& check : received.verdict.checks)
    if (check.name == name) return check.passed;
  return false;
}

// As strict as DingTalk: 20 messages a minute, too.
class StrictDelivery : public Delivery {
 protected:
  StrictDelivery() { use_group({.per_minute = 20}); }
};

TEST_F(StrictDelivery, AHitBecomesASignedMessageThatTheRobotAccepts) {
  write_config(R"(
state_dir = "state"
[labels]
env = "prod"
[[source]]
name = "app"
paths = ["app.log"]
[[target]]
name = "ops"
type = "dingtalk"
webhook = ")" + group().url() +
               "\"\nsecret = \"" + kSecret + R"("
keywords = ["告警"]
ca_file = "ca.pem"
[[rule]]
name = "disk-failed"
match = 'disk (?P<disk>\S+) failed'
summary = "disk ${disk} of ${labels.team} is dead"
severity = "error"
group_wait = "0s"
labels = { team = "storage" }
runbook = "https://wiki.example/disk"
)");
  start();
  append("all is well\ndisk sdb failed after 3 years\n");
  const auto message = first_message();

  const auto received = group().requests().front();
  for (const char* check :
       {"token", "timestamp", "signature", "size", "rate", "json", "schema", "keywords", "mention"})
    EXPECT_TRUE(passed(received, check)) << check;
  EXPECT_EQ(message.msgtype, "markdown");
  EXPECT_THAT(message.msg_uuid, SizeIs(36));
  EXPECT_THAT(message.title, HasSubstr("disk sdb of storage is dead"));

  const auto parsed = format::parse_markdown(message.text);
  EXPECT_THAT(parsed.heading, AllOf(HasSubstr("ERROR"), HasSubstr("disk sdb of storage is dead")));
  EXPECT_THAT(parsed.text, AllOf(HasSubstr("prod"), HasSubstr("disk-failed"), HasSubstr(log()),
                                 HasSubstr("disk sdb failed after 3 years"), Not(HasSubstr("all is well"))));
  EXPECT_EQ(parsed.nodes.at("link"), 1);  // the runbook
  EXPECT_FALSE(message.at.all);
  EXPECT_THAT(message.at.mobiles, IsEmpty());
}

TEST_F(Delivery, APhoneIsMentionedWithBothHalves) {
  configure(rule("r", "match = 'boom'\nmention = { mobiles = [\"13800000000\"] }"));
  start();
  append("boom\n");
  const auto message = first_message();
  EXPECT_THAT(message.at.mobiles, ElementsAre("13800000000"));
  EXPECT_THAT(message.text, HasSubstr("@13800000000"));
  EXPECT_FALSE(message.at.all);
}

TEST_F(Delivery, AUserIdIsMentionedWithBothHalves) {
  configure(rule("r", "match = 'boom'\nmention = { user_ids = [\"manager42\"] }"));
  start();
  append("boom\n");
  const auto message = first_message();
  EXPECT_THAT(message.at.user_ids, ElementsAre("manager42"));
  EXPECT_THAT(message.text, HasSubstr("@manager42"));
}

TEST_F(Delivery, EverybodyIsMentionedWithBothHalves) {
  configure(rule("r", "match = 'boom'\nmention = { all = true }"));
  start();
  append("boom\n");
  const auto message = first_message();
  EXPECT_TRUE(message.at.all);
  EXPECT_THAT(message.text, HasSubstr("@all"));
}

TEST_F(Delivery, OnlyTheFiringMessageMentions) {
  configure(rule("r", "match = 'boom'\nmention = { mobiles = [\"13800000000\"] }"));
  start();
  append("boom\n");
  ASSERT_TRUE(group().wait_for(1));
  append("boom\n");
  ASSERT_TRUE(group().wait_for(2));
  const auto repeat = group().messages().at(1).verdict.posted;
  EXPECT_THAT(repeat.at.mobiles, IsEmpty());
  EXPECT_THAT(repeat.text, Not(HasSubstr("@13800000000")));
}

// One hostile line, as the sample and as a capture in summary and title.
class HostileLine : public Delivery, public testing::WithParamInterface<const char*> {};

TEST_P(HostileLine, DoesNothingInTheMessage) {
  const std::string hostile = GetParam();
  const std::string body = "match = 'user (?P<who>.*)'\ntitle = \"${who}\"\ngroup_by = [\"who\"]\n";
  configure("[[rule]]\nname = \"r\"\ngroup_wait = \"0s\"\nsummary = \"login of ${who}\"\n" + body);
  start();
  append("user harmless\n");
  ASSERT_TRUE(group().wait_for(1));
  append("user " + hostile + "\n");
  ASSERT_TRUE(group().wait_for(2));
  const auto harmless = group().messages().at(0).verdict.posted;
  const auto message = group().messages().at(1).verdict.posted;

  EXPECT_EQ(format::parse_markdown(message.text).nodes["heading"], 1);
  for (const char* node :
       {"link", "image", "html_inline", "html_block", "code", "code_block", "thematic_break"})
    EXPECT_EQ(format::parse_markdown(message.text).nodes[node], 0) << node << " in\n" << message.text;
  // The same frame as around harmless words: nothing else was made of it either.
  auto counted = format::parse_markdown(message.text).nodes;
  auto frame = format::parse_markdown(harmless.text).nodes;
  for (auto* nodes : {&counted, &frame}) nodes->erase("text");
  EXPECT_EQ(counted, frame) << message.text;

  EXPECT_FALSE(message.at.all);
  EXPECT_THAT(message.at.mobiles, IsEmpty());
  EXPECT_THAT(message.at.user_ids, IsEmpty());
  for (const char* token : {"@all", "@所有人", "@13800000000"})
    EXPECT_THAT(message.text, Not(HasSubstr(token)));
  EXPECT_TRUE(passed(group().messages().at(1), "mention"));
}

INSTANTIATE_TEST_SUITE_P(Lines, HostileLine,
                         testing::Values("@all", "@所有人 look", "@13800000000", "[x](http://evil.example)",
                                         "![i](http://evil.example/i.png)", "# heading", "<b>bold</b>",
                                         "> quote", "`code`", "http://evil.example/x", "- item", "***"));

TEST_F(Delivery, AHeadingAloneOnALineIsNoHeading) {
  configure(rule("r", "match = '.'"));
  start();
  append("# heading\n");
  const auto message = first_message();
  const auto parsed = format::parse_markdown(message.text);
  EXPECT_EQ(parsed.nodes.at("heading"), 1);
  EXPECT_THAT(parsed.heading, Not(HasSubstr("heading")));
  EXPECT_THAT(parsed.text, HasSubstr("# heading"));
}

TEST_F(Delivery, TheConsoleHasTheSameMessage) {
  write_config(
      "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n"
      "[[target]]\nname = \"screen\"\ntype = \"console\"\n" +
      rule("r", "match = 'boom'"));
  start();
  append("boom on the screen\n");
  EXPECT_TRUE(
      test::eventually([&] { return agent().out().find("boom on the screen") != std::string::npos; }));
  EXPECT_THAT(agent().out(), HasSubstr("1 hits"));
}

}  // namespace
}  // namespace dingtail::integration
