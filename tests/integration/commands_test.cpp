// The commands beside `run`: what they print, where, and their exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "integration/host.h"

namespace dingtail::integration {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

using Commands = Host;
using Names = std::set<std::string>;

Names keys_of(const json& object) {
  Names out;
  for (const auto& [key, value] : object.items()) out.insert(key);
  return out;
}

TEST_F(Commands, StatusForProgramsHasTheContractsKeys) {
  configure(rule("r", "match = 'boom'"));
  start();
  append("boom\n");
  ASSERT_TRUE(group().wait_for(1));
  ASSERT_TRUE(test::eventually([&] {
    return json::parse(ask({"status", "--json"}).out)["targets"][0]["delivered"] == 1;
  }));
  const auto answer = ask({"status", "--json"});
  EXPECT_EQ(answer.code, 0);
  EXPECT_THAT(answer.err, IsEmpty());
  const auto status = json::parse(answer.out);
  // product.md, section 2; reload_error, quota_left and held are additions of ours.
  EXPECT_EQ(keys_of(status), (Names{"version", "pid", "rules_hash", "files", "rules", "targets", "silences",
                                    "losses", "reload_error"}));
  EXPECT_EQ(status["pid"], agent().pid());
  EXPECT_EQ(keys_of(status["files"][0]),
            (Names{"path", "source", "state", "offset", "size", "lag", "reason"}));
  EXPECT_EQ(status["files"][0]["path"], log());
  EXPECT_EQ(status["files"][0]["offset"], 5);
  EXPECT_EQ(status["files"][0]["lag"], 0);
  EXPECT_EQ(keys_of(status["rules"][0]), (Names{"name", "source", "hits", "alerts", "suppressed"}));
  EXPECT_EQ(status["rules"][0]["hits"], 1);
  EXPECT_EQ(status["rules"][0]["alerts"], 1);
  EXPECT_EQ(keys_of(status["targets"][0]), (Names{"name", "state", "queue", "held", "sent_last_minute",
                                                  "delivered", "last_error", "quota_left"}));
  EXPECT_EQ(status["targets"][0]["sent_last_minute"], 1);
  EXPECT_TRUE(status["silences"].is_array());
  EXPECT_TRUE(status["losses"].is_array());
}

TEST_F(Commands, StatusOfAFailedTargetHasTheErrorsKeys) {
  configure(rule("r", "match = 'boom'"));
  group().robot().misbehave({.errcode = 400013, .errmsg = "group dissolved"});
  start();
  append("boom\n");
  ASSERT_TRUE(wait_until_logged("target-held ops"));
  const auto error = json::parse(ask({"status", "--json"}).out)["targets"][0]["last_error"];
  EXPECT_EQ(keys_of(error), (Names{"errcode", "errmsg", "remedy", "at"}));
  EXPECT_EQ(error["errcode"], 400013);
  EXPECT_THAT(ask({"status"}).out, AllOf(HasSubstr("errcode 400013"), HasSubstr("remedy: ")));
}

TEST_F(Commands, StatusForPeopleNamesFileRuleAndTarget) {
  configure(rule("disk-rule", "match = 'boom'"));
  start();
  append("boom\n");
  ASSERT_TRUE(group().wait_for(1));
  const auto answer = ask({"status"});
  EXPECT_EQ(answer.code, 0);
  EXPECT_THAT(answer.out,
              AllOf(HasSubstr(log()), HasSubstr("following"), HasSubstr("disk-rule"), HasSubstr("ops")));
}

TEST_F(Commands, StatusWithoutAnAgentIsOne) {
  configure("");
  const auto answer = ask({"status"});
  EXPECT_EQ(answer.code, 1);
  EXPECT_THAT(answer.out, IsEmpty());
  EXPECT_THAT(answer.err, HasSubstr("no agent answers on " + file("state/control.sock")));
}

TEST_F(Commands, StatusAfterAKillIsOneAndTheNextAgentTakesTheSocketOver) {
  configure("");
  start();
  kill();
  EXPECT_EQ(ask({"status"}).code, 1);
  start();
  EXPECT_EQ(ask({"status"}).code, 0);
}

TEST_F(Commands, SendDeliversNow) {
  configure("");
  const auto answer = ask({"send", "--target", "ops", "#### hello\n\nfrom **me**"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("errcode 0: ok"));
  ASSERT_TRUE(group().wait_for(1));
  EXPECT_THAT(group().messages().front().verdict.posted.text,
              AllOf(StartsWith("#### hello\n\nfrom **me**"), HasSubstr(kKeyword)));
}

TEST_F(Commands, SendOfARefusedMessageIsOneWithTheRemedy) {
  configure("");
  group().robot().misbehave({.errcode = 310000, .errmsg = "ip 1.2.3.4 not in whitelist"});
  const auto answer = ask({"send", "--target", "ops", "hello"});
  EXPECT_EQ(answer.code, 1);
  EXPECT_THAT(answer.out, IsEmpty());
  EXPECT_THAT(answer.err, AllOf(HasSubstr("errcode 310000: ip 1.2.3.4 not in whitelist"),
                                HasSubstr("what to do: "), HasSubstr("IPv4 addresses")));
}

TEST_F(Commands, SendToATargetThatIsNotThereIsOne) {
  configure("");
  const auto answer = ask({"send", "--target", "nobody", "hello"});
  EXPECT_EQ(answer.code, 1);
  EXPECT_THAT(answer.err, HasSubstr("there is no target \"nobody\""));
}

TEST_F(Commands, TestsInARuleFileThatPass) {
  const auto path = dir_.write("rules.toml", R"([[rule]]
name = "disk"
match = 'disk (?P<disk>\S+) failed'
[[rule.test]]
lines = ["disk sda failed", "all is well"]
expect = { hits = 1, alerts = 1, captures = { disk = "sda" }, events = ["firing"], message_contains = "sda" }
)");
  const auto text = dingtail({"test", path});
  EXPECT_EQ(text.code, 0) << text.out << text.err;
  EXPECT_THAT(text.out, HasSubstr("1 passed, 0 failed"));
  EXPECT_EQ(json::parse(dingtail({"test", path, "--json"}).out),
            json::parse(R"({"passed":1,"failed":0,"failures":[]})"));
}

TEST_F(Commands, TestsInARuleFileThatFail) {
  const auto path = dir_.write("rules.toml", R"([[rule]]
name = "disk"
match = 'disk (?P<disk>\S+) failed'
[[rule.test]]
lines = ["disk sda failed"]
expect = { hits = 2, captures = { disk = "sdb" } }
)");
  const auto text = dingtail({"test", path});
  EXPECT_EQ(text.code, 1);
  EXPECT_THAT(text.out, AllOf(HasSubstr(path + ":4: rule disk: hits: expected 2, got 1"),
                              HasSubstr("expected sdb, got sda"), HasSubstr("0 passed, 1 failed")));
  const auto answer = dingtail({"test", path, "--json"});
  EXPECT_EQ(answer.code, 1);
  const auto report = json::parse(answer.out);
  EXPECT_EQ(keys_of(report), (Names{"passed", "failed", "failures"}));
  EXPECT_EQ(report["failed"], 1);
  EXPECT_EQ(report["failures"].size(), 2U);
}

TEST_F(Commands, TheShippedPacksPassTheirTests) {
  const auto answer = dingtail({"test"});
  EXPECT_EQ(answer.code, 0) << answer.out << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr(" passed, 0 failed"), Not(StartsWith("0 passed"))));
}

TEST_F(Commands, VersionAndHelp) {
  const auto version = dingtail({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, StartsWith("dingtail "));
  const auto help = dingtail({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"run", "check", "test", "send", "status", "reload", "sandbox"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    const auto of_command = dingtail({command, "--help"});
    EXPECT_EQ(of_command.code, 0) << command;
    EXPECT_THAT(of_command.out, HasSubstr("Usage")) << command;
    EXPECT_THAT(of_command.err, IsEmpty()) << command;
  }
}

TEST_F(Commands, WrongUsageIsTwoAndToldOnStderr) {
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"nosuch"},
                                                       {"run", "--nosuch"},
                                                       {"check", "-c", ""},
                                                       {"send"},
                                                       {"send", "--target"},
                                                       {"status", "extra"},
                                                       {"reload", "--json"},
                                                       {"sandbox", "--listen", "nowhere"},
                                                       {"sandbox", "--delay", "soon"}};
  for (const auto& arguments : wrong) {
    const auto answer = dingtail(arguments);
    EXPECT_EQ(answer.code, 2) << testing::PrintToString(arguments);
    EXPECT_THAT(answer.out, IsEmpty()) << testing::PrintToString(arguments);
    EXPECT_THAT(answer.err, Not(IsEmpty())) << testing::PrintToString(arguments);
  }
}

TEST_F(Commands, WhatCannotBeWrittenToStdoutIsAFailure) {
  configure("");
  for (const auto* what : {"check", "test", "check --help"}) {
    const auto command =
        std::string(DINGTAIL_BINARY) + " " + what + " -c " + file("dingtail.toml") + " > /dev/full";
    const auto answer = test::run({"sh", {"-c", command}}, file("full"));
    EXPECT_EQ(answer.code, 1) << what;
    EXPECT_THAT(answer.err, HasSubstr("stdout took not all")) << what;
  }
}

TEST_F(Commands, WhatIsNotBuiltYetSaysSo) {
  for (const char* command : {"replay", "explain", "silence", "relay"}) {
    const auto answer = dingtail({command});
    EXPECT_EQ(answer.code, 2) << command;
    EXPECT_THAT(answer.err, HasSubstr("not built yet")) << command;
  }
}

TEST_F(Commands, OutputThatIsNoTerminalHasNoColours) {
  configure("");
  for (const auto& answer : {ask({"check"}), ask({"status"}), dingtail({"test"}), dingtail({"--help"})})
    EXPECT_THAT(answer.out + answer.err, Not(HasSubstr("\x1b[")));
}

TEST_F(Commands, WhatCannotBeDoneIsAnObjectForProgramsToo) {
  configure("");
  auto answer = ask({"status", "--json"});
  EXPECT_EQ(answer.code, 1);
  auto object = json::parse(answer.out);
  EXPECT_EQ(keys_of(object), (Names{"error", "problems"}));
  EXPECT_THAT(object["error"].get<std::string>(), HasSubstr("no agent answers"));
  EXPECT_EQ(object["problems"].size(), 1U) << "a warning: the test's robot takes more than DingTalk's";
  EXPECT_THAT(answer.err, HasSubstr("no agent answers"));
  configure("bad = 1\n");
  answer = ask({"test", "--json"});
  EXPECT_EQ(answer.code, 1);
  object = json::parse(answer.out);
  EXPECT_EQ(object["error"], "the configuration is invalid");
  EXPECT_EQ(object["problems"].size(), 2U);
  EXPECT_EQ(keys_of(object["problems"][0]), (Names{"file", "line", "column", "level", "message", "hint"}));
  EXPECT_THAT(answer.err, HasSubstr("error: "));
}

}  // namespace
}  // namespace dingtail::integration
