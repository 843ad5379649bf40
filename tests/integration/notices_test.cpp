// What the agent tells of its own troubles: signed messages to its targets, and the ledger of losses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "integration/host.h"

namespace dingtail::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class AgentNotices : public Host {
 protected:
  static bool wait_for_a_notice(Group& group) {
    return test::eventually([&] { return !group.notices().empty(); });
  }
  static std::string text_of(const sandbox::Received& notice) { return notice.verdict.posted.text; }
  nlohmann::json losses() {
    const auto status = nlohmann::json::parse(ask({"status", "--json"}).out, nullptr, false);
    return status.contains("files") ? status["losses"] : nlohmann::json();
  }
  // dingtail.toml with further lines in front, from line 1 on, and behind.
  void configure_with(const std::string& globals, const std::string& of_the_source, const std::string& rest) {
    write_config(globals + "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n" +
                 of_the_source + rest);
  }
};

TEST_F(AgentNotices, ARefusedReloadIsOneMessageWithThePlaceOfEveryMistake) {
  configure(rule("r", "match = 'boom'") + "mention = { all = true }\n");
  start();
  configure_with("packs = [\"ngins\"]\nagent_targets = [\"opps\"]\n", "", target());
  ASSERT_EQ(ask({"reload"}).code, 1);
  ASSERT_TRUE(wait_for_a_notice(group())) << agent().err();
  const auto notices = group().notices();
  ASSERT_EQ(notices.size(), 1U);
  const auto& posted = notices[0].verdict.posted;
  EXPECT_THAT(posted.title, HasSubstr("reload refused"));
  EXPECT_THAT(base::replace_all(posted.text, "\\", ""),
              AllOf(HasSubstr(file("dingtail.toml") + ":1:10: error: there is no pack"),
                    HasSubstr(file("dingtail.toml") + ":2:18: error: there is no target")));
  EXPECT_THAT(posted.text, Not(HasSubstr("@")));
  append("boom\n");  // the running configuration goes on
  EXPECT_TRUE(group().wait_for(1));
}

TEST_F(AgentNotices, ANoticeThatTheAgentsEndOvertookLeavesAfterTheRestart) {
  configure("");
  start();
  configure_with("packs = [\"ngins\"]\n", "", target());
  ASSERT_EQ(ask({"reload"}).code, 1);
  stop();
  ASSERT_TRUE(group().notices().empty()) << "it left before the end: the test shows nothing";
  configure("");
  start();
  ASSERT_TRUE(wait_for_a_notice(group()));
  EXPECT_THAT(text_of(group().notices()[0]), HasSubstr("reload-refused"));
}

TEST_F(AgentNotices, ThatATargetIsHeldIsToldThroughAnother) {
  Group other;
  dir_.write("other.pem", other.certificate());
  const std::string watchers = base::replace_all(
      base::replace_all(base::replace_all(target(), "\"ops\"", "\"watchers\""), group().url(), other.url()),
      "ca.pem", "other.pem");
  const std::string held = base::replace_all(target(), kSecret, "SECanother-planted-secret");
  configure_with("", "", held + watchers + rule("r", "match = 'boom'\ntargets = [\"ops\"]"));
  start();
  append("boom\n");
  ASSERT_TRUE(wait_for_a_notice(other)) << agent().err();
  EXPECT_THAT(text_of(other.notices()[0]),
              AllOf(HasSubstr("messages held"), HasSubstr("**target-held**\n\n> ops"),
                    HasSubstr("sign not match"), Not(HasSubstr(kToken)), Not(HasSubstr("planted"))));
  EXPECT_TRUE(group().messages().empty());
}

TEST_F(AgentNotices, AHeldMessageIsToldThoughOthersAreDelivered) {
  configure(rule("r", "match = 'boom (?P<what>\\S+)'", "what"));
  group().robot().misbehave({.errcode = 430102, .errmsg = "improper text", .times = 2});
  start();
  append("boom one\n");
  ASSERT_TRUE(wait_until_logged("message-held ops: errcode 430102")) << agent().err();
  append("boom two\n");
  ASSERT_TRUE(group().wait_for(1));
  ASSERT_TRUE(group().notices().empty()) << "it left before: the test shows nothing";
  ASSERT_TRUE(wait_for_a_notice(group())) << agent().err();
  EXPECT_THAT(text_of(group().notices()[0]),
              AllOf(HasSubstr("message refused and held"), HasSubstr("improper text")));
  const auto target = nlohmann::json::parse(ask({"status", "--json"}).out)["targets"][0];
  EXPECT_EQ(target["held"], 1);
  EXPECT_EQ(target["state"], "ok");
}

TEST_F(AgentNotices, MessagesOfATargetThatIsRenamedAreToldAtTheReloadAndAtEachStart) {
  const std::string rules = rule("r", "match = 'boom'");
  configure_with("", "", target() + rules);
  group().close();
  start();
  append("boom\n");
  ASSERT_TRUE(wait_until_logged("delivery-failed ops"));
  const std::string told = "target-gone ops: no such target is configured, and messages wait for it: 1";
  configure_with("", "", base::replace_all(target(), "\"ops\"", "\"new\"") + rules);
  ASSERT_EQ(ask({"reload"}).code, 0);
  EXPECT_TRUE(wait_until_logged(told)) << agent().err();
  stop();
  group().open();
  start();
  EXPECT_TRUE(wait_until_logged(told)) << agent().err();
  ASSERT_TRUE(wait_for_a_notice(group()));
  EXPECT_THAT(text_of(group().notices()[0]), HasSubstr("**target-gone**\n\n> ops"));
  configure_with("", "", target() + rules);
  ASSERT_EQ(ask({"reload"}).code, 0);
  EXPECT_TRUE(group().wait_for(1));
}

TEST_F(AgentNotices, ARecordOverTheLimitIsInTheLedgerAndToldAndStillThereAfterARestart) {
  configure_with("", "max_record = \"64B\"\n", target() + rule("r", "match = 'boom'"));
  start();
  append("boom" + std::string(196, 'x') + "\n");  // 136 bytes too many
  ASSERT_TRUE(group().wait_for(1));
  ASSERT_TRUE(test::eventually([&] { return losses().size() == 1; })) << agent().err();
  const auto loss = losses()[0];
  EXPECT_EQ(loss["path"], log());
  EXPECT_EQ(loss["bytes"], 136);
  EXPECT_FALSE(loss["reason"].get<std::string>().empty());
  EXPECT_FALSE(loss["at"].get<std::string>().empty());
  ASSERT_TRUE(wait_for_a_notice(group()));
  EXPECT_THAT(text_of(group().notices()[0]), AllOf(HasSubstr("records-lost"), HasSubstr("136 bytes")));
  EXPECT_TRUE(logged("records-lost " + log()));
  stop();
  start();
  EXPECT_EQ(losses()[0], loss);
}

TEST_F(AgentNotices, ALossThatAKilledAgentHadNotToldIsToldByTheNextAndOnce) {
  configure_with("", "max_record = \"64B\"\n", target() + rule("r", "match = 'boom'"));
  start();
  append("boom" + std::string(196, 'x') + "\n");
  ASSERT_TRUE(group().wait_for(1));  // the cut with the loss is durable
  kill();
  ASSERT_TRUE(group().notices().empty()) << "it left before the end: the test shows nothing";
  start();
  ASSERT_TRUE(wait_for_a_notice(group()));
  EXPECT_THAT(text_of(group().notices()[0]), AllOf(HasSubstr("records-lost"), HasSubstr("136 bytes")));
  kill();
  start();
  configure_with("packs = [\"ngins\"]\n", "", target());
  ASSERT_EQ(ask({"reload"}).code, 1);
  ASSERT_TRUE(test::eventually([&] { return group().notices().size() == 2; }));
  EXPECT_THAT(text_of(group().notices()[1]),
              AllOf(HasSubstr("reload-refused"), Not(HasSubstr("records-lost"))));
}

}  // namespace
}  // namespace dingtail::integration
