// Pools of robots, robots that two targets share, and messages that a person sends through the running agent.
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

class Robots : public Host {
 protected:
  static std::string robot(Group& group, const std::string& secret = kSecret) {
    return "{ webhook = \"" + group.url() + "\", secret = \"" + secret + "\", keywords = [\"" + kKeyword +
           "\"] }";
  }
  // dingtail.toml with a target "ops" of these keys.
  void configure_target(const std::string& keys, const std::string& rest = "") {
    write_config("state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n" +
                 ("[[target]]\nname = \"ops\"\ntype = \"dingtalk\"\n" + keys) + "\n" + rest +
                 rule("r", "match = 'boom (?P<n>\\d+)'\ngroup_by = [\"n\"]", "n"));
  }
  nlohmann::json target_status(std::size_t index = 0) {
    const auto status = nlohmann::json::parse(ask({"status", "--json"}).out, nullptr, false);
    return status.contains("files") ? status["targets"][index] : nlohmann::json();
  }
};

TEST_F(Robots, OfAPoolOneRestsWhileTheOthersCarryOn) {
  Group second(GroupOptions{.certificate = {}});
  configure_target("ca_file = \"both.pem\"\nrobots = [" + robot(group()) + ", " + robot(second) + "]");
  dir_.write("both.pem", group().certificate() + second.certificate());
  group().robot().misbehave({.errcode = 130101, .errmsg = "send too fast"});
  start();
  int lines = 0;
  ASSERT_TRUE(test::eventually([&] {
    append(numbered("boom", 1, ++lines));
    return logged("target-throttled ops (robot 1): errcode 130101") && second.messages().size() > 1;
  }));
  EXPECT_TRUE(second.wait_for(static_cast<std::size_t>(lines)));
  EXPECT_EQ(group().requests().size(), 1U) << "it rests";
  const auto asked = ask({"status"});
  EXPECT_THAT(asked.out, HasSubstr("send too fast"));
  EXPECT_EQ(target_status()["state"], "ok");
}

TEST_F(Robots, OfAPoolOneIsHeldAndTheOthersCarryOn) {
  Group second(GroupOptions{.certificate = {}});
  configure_target("ca_file = \"both.pem\"\nrobots = [" + robot(group(), "SECwrong") + ", " + robot(second) +
                   "]");
  dir_.write("both.pem", group().certificate() + second.certificate());
  start();
  append(numbered("boom", 3));
  EXPECT_TRUE(second.wait_for([](const Messages& messages) { return hits_in(messages) >= 3; }));
  EXPECT_TRUE(wait_until_logged("target-held ops (robot 1): errcode 310000"));
  EXPECT_EQ(hits_in(second.messages()), 3U);
  EXPECT_EQ(target_status()["queue"], 0);
  EXPECT_THAT(target_status()["last_error"]["remedy"], HasSubstr("copy the secret again"));
}

TEST_F(Robots, TwoTargetsWithOneRobotShareItsQuota) {
  const auto keys = "webhook = \"" + group().url() + "\"\nsecret = \"" + kSecret + "\"\nkeywords = [\"" +
                    kKeyword + "\"]\nca_file = \"ca.pem\"\n";
  dir_.write("ca.pem", group().certificate());
  configure_target(keys + "per_minute = 5", "[[target]]\nname = \"too\"\ntype = \"dingtalk\"\n" + keys);
  start();
  append(numbered("boom", 1));
  ASSERT_TRUE(group().wait_for(2));  // one to each
  EXPECT_TRUE(test::eventually([&] { return target_status()["delivered"] == 1; }));
  EXPECT_EQ(target_status(0)["quota_left"], 3);
  EXPECT_EQ(target_status(1)["quota_left"], 3);
}

TEST_F(Robots, OfTwoTargetsWithOneRobotTheOneWithAWrongSecretDoesNotStopTheOther) {
  const auto keys = [&](const std::string& secret) {
    return "webhook = \"" + group().url() + "\"\nsecret = \"" + secret + "\"\nkeywords = [\"" + kKeyword +
           "\"]\nca_file = \"ca.pem\"\n";
  };
  dir_.write("ca.pem", group().certificate());
  configure_target(keys("SECwrong"), "[[target]]\nname = \"too\"\ntype = \"dingtalk\"\n" + keys(kSecret));
  start();
  append(numbered("boom", 1));
  ASSERT_TRUE(wait_until_logged("target-held ops: errcode 310000"));
  append(numbered("boom", 2, 2));
  EXPECT_TRUE(group().wait_for([](const Messages& messages) { return hits_in(messages) >= 3; }));
  EXPECT_TRUE(test::eventually([&] { return !group().notices().empty(); })) << "of the other target";
  EXPECT_EQ(target_status(0)["state"], "held");
  EXPECT_THAT(target_status(0)["last_error"]["remedy"], HasSubstr("copy the secret again"));
  EXPECT_EQ(target_status(1)["state"], "ok");
  EXPECT_EQ(target_status(1)["queue"], 0);
}

TEST_F(Robots, WhatTheContentCheckRefusesIsToldOnceMoreWithoutWordsOfTheLog) {
  configure(rule("improper", "match = 'boom (?P<what>\\S+)'", "what"));
  group().robot().misbehave({.errcode = 430102, .errmsg = "improper text", .times = 1});
  start();
  append("boom forbidden\n");
  ASSERT_TRUE(group().wait_for(1));
  const auto requests = group().requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0].verdict.posted.text, HasSubstr("forbidden"));
  const auto& told = requests[1].verdict.posted;
  EXPECT_THAT(told.title + told.text,
              AllOf(Not(HasSubstr("forbidden")), HasSubstr("improper · 1 alert · 1 hit")));
  EXPECT_NE(told.msg_uuid, requests[0].verdict.posted.msg_uuid);
  EXPECT_TRUE(wait_until_logged("delivery-failed ops: errcode 430102"));
}

// ---- send

TEST_F(Robots, SendGoesThroughTheRunningAgentsQuota) {
  configure("");
  start();
  const auto sent = ask({"send", "--target", "ops", "first line\n\n**second** \"line\" 告警"});
  EXPECT_EQ(sent.code, 0) << sent.err;
  EXPECT_EQ(sent.out, "errcode 0: ok\n");
  ASSERT_EQ(group().messages().size(), 1U);
  EXPECT_EQ(group().messages()[0].verdict.posted.text, "first line\n\n**second** \"line\" 告警");
  EXPECT_EQ(group().messages()[0].verdict.posted.title, "first line");
  EXPECT_EQ(target_status()["sent_last_minute"], 1) << "the agent sent it";
  stop();
  const auto alone = ask({"send", "--target", "ops", "alone"});
  EXPECT_EQ(alone.code, 0) << alone.err;
  EXPECT_EQ(alone.out, "errcode 0: ok\n");
  EXPECT_THAT(group().messages().at(1).verdict.posted.text, AllOf(HasSubstr("alone"), HasSubstr(kKeyword)));
}

TEST_F(Robots, SendToAPoolGoesThroughARobotThatWorks) {
  use_group({.keywords = {kKeyword, "second"}});
  Group second({.keywords = {"second"}, .certificate = {}});
  dir_.write("both.pem", group().certificate() + second.certificate());
  const auto good =
      "{ webhook = \"" + second.url() + "\", secret = \"" + kSecret + "\", keywords = [\"second\"] }";
  std::size_t sent = 0;
  for (const auto& robots :
       {robot(group(), "SECwrong") + ", " + good, good + ", " + robot(group(), "SECwrong")})
    for (const bool agent : {true, false}) {
      SCOPED_TRACE(robots + (agent ? " agent" : ""));
      configure_target("ca_file = \"both.pem\"\nrobots = [" + robots + "]");
      if (agent) start();
      const auto refused = group().requests().size();
      for (int i = 0; i < 3; ++i) {
        const auto answer = ask({"send", "--target", "ops", "x"});
        EXPECT_EQ(answer.code, 0) << answer.err;
        EXPECT_EQ(answer.out, "errcode 0: ok\n");
        EXPECT_EQ(second.messages().size(), ++sent);
      }
      if (!agent) continue;
      EXPECT_LE(group().requests().size() - refused, 1U) << "it is held from its first answer on";
      stop();
    }
  group().close();
  EXPECT_EQ(ask({"send", "--target", "ops", "x"}).code, 0) << "one cannot be reached";
  second.close();
  const auto neither = ask({"send", "--target", "ops", "x"});
  EXPECT_EQ(neither.code, 1);
  EXPECT_THAT(neither.err, AllOf(HasSubstr("ops (robot 1): "), HasSubstr("ops (robot 2): ")));
}

TEST_F(Robots, SendDoesNotPassBesideTheQuotaOfAnAgentThatItCannotAsk) {
  configure("");
  start();
  const auto elsewhere = "state_dir = \"state\"\ncontrol = \"elsewhere.sock\"\n" + target();
  write_config(elsewhere);
  const auto refused = ask({"send", "--target", "ops", "x"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("nothing was sent: an agent runs on "), HasSubstr("what to do: ")));
  EXPECT_EQ(group().requests().size(), 0U);
  stop();
  EXPECT_EQ(ask({"send", "--target", "ops", "x"}).code, 0);
  EXPECT_EQ(group().requests().size(), 1U);
}

TEST_F(Robots, SendTellsWhatTheRobotSaidAndWhatToDo) {
  configure("");
  for (const bool agent : {true, false}) {
    if (agent) start();
    group().robot().misbehave({.errcode = 300005, .errmsg = "token is not exist"});
    const auto refused = ask({"send", "--target", "ops", "x"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("errcode 300005: token is not exist"), HasSubstr("what to do: "),
                                   HasSubstr("copy the robot's webhook again")));
    group().robot().misbehave({});
    EXPECT_EQ(ask({"send", "--target", "ops", "mended"}).code, 0) << "it is tried at once";
    if (!agent) continue;
    EXPECT_EQ(target_status()["queue"], 0) << "what was refused is not sent later";
    stop();
  }
}

TEST_F(Robots, SendIsRefusedWhileTheRobotRestsAndWhereThereIsNoSuchTarget) {
  configure("");
  start();
  EXPECT_THAT(ask({"send", "--target", "nobody", "x"}).err, HasSubstr("no target \"nobody\""));
  group().robot().misbehave({.errcode = 130101, .errmsg = "send too fast"});
  EXPECT_EQ(ask({"send", "--target", "ops", "x"}).code, 1);
  group().robot().misbehave({});
  const auto refused = ask({"send", "--target", "ops", "x"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("nothing was sent"), HasSubstr("rests"), HasSubstr("per_minute")));
  EXPECT_EQ(group().requests().size(), 1U);
}

TEST_F(Robots, WhoWaitsForASlotIsToldWhenTheAgentStops) {
  configure("");
  write_config("state_dir = \"state\"\n" +
               base::replace_all(target(), "per_minute = 1000000", "per_minute = 1"));
  start();
  ASSERT_EQ(ask({"send", "--target", "ops", "first"}).code, 0);
  test::Process waiting(
      {DINGTAIL_BINARY, {"send", "-c", file("dingtail.toml"), "--target", "ops", "second"}, {}, ""},
      file("waiting"));
  ASSERT_TRUE(test::eventually([&] { return target_status()["queue"] == 1; }));
  stop();
  EXPECT_EQ(waiting.wait(), 1);
  EXPECT_THAT(waiting.err(), HasSubstr("nothing was sent: the agent ends"));
  start();
  EXPECT_EQ(target_status()["queue"], 0);
  EXPECT_EQ(group().requests().size(), 1U);
}

TEST_F(Robots, WhoseMessageIsOnItsWayIsToldWhenTheAgentEndsAndItIsSentAfterTheRestart) {
  configure("");
  for (const bool killed : {false, true}) {
    SCOPED_TRACE(killed);
    const auto before = group().requests().size();
    group().robot().misbehave({.delay = std::chrono::seconds(9)});
    start();
    test::Process waiting(
        {DINGTAIL_BINARY, {"send", "-c", file("dingtail.toml"), "--target", "ops", "mine"}, {}, ""},
        file("waiting"));
    ASSERT_TRUE(test::eventually([&] { return group().requests().size() > before; }));
    if (killed)
      kill();
    else
      stop();
    EXPECT_EQ(waiting.wait(), 1);
    EXPECT_THAT(waiting.err(), AllOf(HasSubstr("it is not known whether the message arrived"),
                                     HasSubstr(killed ? "look in the group" : "do not send it again")));
    group().robot().misbehave({});
    start();
    ASSERT_TRUE(test::eventually([&] { return group().requests().size() > before + 1; }));
    const auto requests = group().requests();
    EXPECT_EQ(requests[before].verdict.posted.msg_uuid, requests[before + 1].verdict.posted.msg_uuid);
    stop();
  }
}

}  // namespace
}  // namespace dingtail::integration
