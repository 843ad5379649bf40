// A robot that cannot be reached, trusted or satisfied: the log names target, cause and remedy, and when that
// is mended everything arrives, once. (What else a robot and the network can do: faults_*_test.cpp.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "integration/host.h"

namespace dingtail::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Trouble : public Host {
 protected:
  nlohmann::json target_status() {
    const auto status = nlohmann::json::parse(ask({"status", "--json"}).out, nullptr, false);
    return status.contains("files") ? status["targets"][0] : nlohmann::json();
  }
  // That the log tells of the target's trouble with the remedy, and that nothing is dropped.
  void expect_told(const std::string& event, const std::string& cause, const std::string& remedy) {
    ASSERT_TRUE(wait_until_logged(event + " ops: ")) << agent().err();
    const auto log = agent().err();
    EXPECT_THAT(log, AllOf(HasSubstr(cause), HasSubstr(remedy), HasSubstr("nothing is dropped")));
    EXPECT_THAT(log, AllOf(Not(HasSubstr(kToken)), Not(HasSubstr(kSecret)), Not(HasSubstr("sign="))));
    const auto target = target_status();
    EXPECT_EQ(target["queue"], 1);
    EXPECT_THAT(target["last_error"]["errmsg"], HasSubstr(cause));
    EXPECT_THAT(target["last_error"]["remedy"], HasSubstr(remedy));
  }
  // Delivers the held message and one more, each once.
  void expect_all_delivered() {
    append("boom\n");
    EXPECT_TRUE(group().wait_for([](const Messages& messages) { return hits_in(messages) >= 2; }));
    EXPECT_EQ(hits_in(group().messages()), 2U);
    EXPECT_TRUE(wait_until_logged("target-back ops"));
    EXPECT_EQ(target_status()["state"], "ok");
  }
};

TEST_F(Trouble, AnUnreachableRobotGetsEverythingWhenItIsBack) {
  configure(rule("r", "match = 'boom'"));
  group().close();
  start();
  append("boom\n");
  expect_told("delivery-failed", "onnect", "check the network");
  EXPECT_EQ(target_status()["state"], "retrying");
  group().open();
  expect_all_delivered();
}

TEST_F(Trouble, ACertificateOfNobodyKnownIsTold) {
  configure(rule("r", "match = 'boom'"));
  const std::string with = target();
  const std::string without = base::replace_all(with, "ca_file = \"ca.pem\"\n", "");
  const std::string rest = "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n" +
                           rule("r", "match = 'boom'");
  write_config(rest + without);
  start();
  append("boom\n");
  expect_told("target-held", "certificate", "ca_file");
  EXPECT_EQ(target_status()["state"], "held");
  EXPECT_TRUE(group().requests().empty());
  write_config(rest + with);
  ASSERT_EQ(ask({"reload"}).code, 0);
  expect_all_delivered();
}

TEST_F(Trouble, AWrongSecretIsToldAndHeldUntilMended) {
  configure(rule("r", "match = 'boom'"));
  const std::string right = "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n" +
                            target() + rule("r", "match = 'boom'");
  const std::string other = "SECanother-planted-secret";
  write_config(base::replace_all(right, kSecret, other));
  start();
  append("boom\n");
  expect_told("target-held", "sign not match", "copy the secret again");
  EXPECT_THAT(agent().err(), AllOf(HasSubstr("errcode 310000"), Not(HasSubstr(other))));
  EXPECT_EQ(target_status()["last_error"]["errcode"], 310000);
  write_config(right);
  ASSERT_EQ(ask({"reload"}).code, 0);
  expect_all_delivered();
}

TEST_F(Trouble, AMissingKeywordIsToldAndHeldUntilMended) {
  configure("");
  const std::string right = "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n" +
                            target() + rule("r", "match = 'boom'");
  write_config(base::replace_all(right, std::string("keywords = [\"") + kKeyword + "\"]\n", ""));
  start();
  append("boom\n");
  expect_told("target-held", "keywords not in content", "target's `keywords`");
  write_config(right);
  ASSERT_EQ(ask({"reload"}).code, 0);
  expect_all_delivered();
}

TEST_F(Trouble, AnAnswerThatIsLostMeansOneRepeatOfTheSameMessage) {
  configure(rule("r", "match = 'boom'"));
  start();
  group().robot().misbehave({.reset = sandbox::Reset::kAfterBody, .times = 1});
  append("boom 1\n");
  ASSERT_TRUE(wait_until_logged("target-back ops"));
  append("boom 2\n");
  ASSERT_TRUE(group().wait_for(2));
  const auto requests = group().requests();
  ASSERT_EQ(requests.size(), 3U);
  const auto& first = requests.at(0).verdict.posted;
  const auto& again = requests.at(1).verdict.posted;
  EXPECT_EQ(first.msg_uuid, again.msg_uuid);
  EXPECT_EQ(first.text, again.text);
  EXPECT_TRUE(requests.at(1).verdict.repeat);
  EXPECT_NE(requests.at(2).verdict.posted.msg_uuid, first.msg_uuid);
}

TEST_F(Trouble, AThrottledRobotRestsAndItsMessageIsKept) {
  configure(rule("r", "match = 'boom'"));
  group().robot().misbehave({.errcode = 130101, .errmsg = "send too fast"});
  start();
  append("boom\n");
  ASSERT_TRUE(wait_until_logged("target-throttled ops: errcode 130101"));
  EXPECT_EQ(target_status()["state"], "throttled");
  EXPECT_EQ(target_status()["queue"], 1);
}

TEST_F(Trouble, ARobotIsNeverSentMoreThanItTakesInAMinute) {
  use_group({.per_minute = 20});
  configure("");
  write_config("state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n" +
               base::replace_all(target(), "per_minute = 1000000\n", "") +
               rule("r", "match = 'boom (?P<n>\\d+)'\ngroup_by = [\"n\"]"));
  start();
  for (int i = 1; i <= 18; ++i) {
    append(numbered("boom", 1, i));
    ASSERT_TRUE(group().wait_for(static_cast<std::size_t>(i)));
  }
  append(numbered("boom", 7, 19));
  EXPECT_TRUE(test::eventually([&] { return target_status()["queue"] == 7; }));
  EXPECT_EQ(target_status()["sent_last_minute"], 18);
  EXPECT_EQ(target_status()["quota_left"], 0);
  EXPECT_EQ(group().requests().size(), 18U);
  stop();
  start();  // what was sent before a restart counts
  EXPECT_EQ(target_status()["quota_left"], 0);
  EXPECT_EQ(target_status()["queue"], 7);
  EXPECT_EQ(group().requests().size(), 18U);
}

constexpr std::chrono::seconds kStopsWithin{5};

TEST_F(Trouble, SigtermWithAnUnreachableRobotEndsInTimeAndTheMessageLeavesAfterTheRestart) {
  configure(rule("r", "match = 'boom'"));
  group().close();
  start();
  append("boom\n");
  ASSERT_TRUE(wait_until_logged("delivery-failed ops: "));
  agent().signal(SIGTERM);
  EXPECT_EQ(agent().wait(kStopsWithin + std::chrono::seconds(2)), 0);
  group().open();
  start();
  ASSERT_TRUE(group().wait_for(1));
  EXPECT_EQ(hits_in(group().messages()), 1U);
}

}  // namespace
}  // namespace dingtail::integration
