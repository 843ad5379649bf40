// Mistakes in the configuration: all of them told, each at its place; a reload takes a set whole or not at
// all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <tuple>

#include "integration/fault.h"

namespace dingtail::integration {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// file, line, column, level
using Found = std::tuple<std::string, int, int, std::string>;

std::multiset<Found> places_in(const std::string& text) {
  static const std::regex kPlace("^(.+):([0-9]+):([0-9]+): (error|warning): ");
  std::multiset<Found> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (std::regex_search(line, found, kPlace))
      out.emplace(found[1], std::stoi(found[2]), std::stoi(found[3]), found[4]);
  }
  return out;
}

std::multiset<Found> places_of(const json& problems) {
  std::multiset<Found> out;
  for (const auto& each : problems) out.emplace(each["file"], each["line"], each["column"], each["level"]);
  return out;
}

class Configuration : public Host {
 protected:
  // Places are counted by eye and not by the program; columns are characters.
  void write_the_broken_ones() {
    write_config(
        "include = [\"rules.toml\"]\n"                         // 1
        "packs = [\"sshd\", \"ngins\"]\n"                      // 2, column 18: no such pack
        "state_dir = \"state\"\n"                              // 3
        "statedir = \"x\"\n"                                   // 4, column 1: unknown key
        "listen = \"127.0.0.1:9786\"\n"                        // 5, column 1: not built yet
        "[[source]]\n"                                         // 6
        "name = \"app\"\n"                                     // 7
        "paths = 7\n"                                          // 8, column 9: wrong type
        "[[target]]\n"                                         // 9
        "name = \"ops\"\n"                                     // 10
        "type = \"dingtalk\"\n"                                // 11
        "webhook = \"https://h/?access_token=${env:NO}\"\n");  // 12, column 11: unset, a warning
    dir_.write("rules.toml",
               "# 1: umlauts count as one column: äöü\n"
               "[[rule]]\n"                                          // 2
               "name = \"one\"\n"                                    // 3
               "match = 'boom('\n"                                   // 4, column 9: bad pattern
               "group_wait = \"2 parsecs\"\n"                        // 5, column 14: no duration
               "targets = [\"opps\"]\n"                              // 6, column 12: no such target
               "[[rule]]\n"                                          // 7, column 1: "one" is there twice
               "name = \"one\"\n"                                    // 8
               "match = '(?P<who>\\S+) äöü'\n"                       // 9
               "summary = \"äöü ${whom} did it\"\n"                  // 10, column 18: unknown variable
               "[[rule]]\n"                                          // 11, column 1: no name
               "match = 'x'\n"                                       // 12
               "severity = \"eror\"\n"                               // 13, column 12: no such severity
               "group_by = [\"nosuch\"]\n"                           // 14, column 13: no such capture
               "when = { count = 3, within = \"1m\", spike = 2 }\n"  // 15, column 36: not built yet
    );
  }
  [[nodiscard]] std::multiset<Found> the_broken_places() const {
    const auto main = file("dingtail.toml");
    const auto rules = file("rules.toml");
    return {{main, 2, 18, "error"},   {main, 4, 1, "error"},     {main, 5, 1, "error"},
            {main, 8, 9, "error"},    {main, 12, 11, "warning"}, {rules, 4, 9, "error"},
            {rules, 5, 14, "error"},  {rules, 6, 12, "error"},   {rules, 7, 1, "error"},
            {rules, 10, 18, "error"}, {rules, 11, 1, "error"},   {rules, 13, 12, "error"},
            {rules, 14, 13, "error"}, {rules, 15, 36, "error"}};
  }
};

TEST_F(Configuration, CheckTellsEveryMistakeAtItsLineAndColumnInOneRun) {
  write_the_broken_ones();
  const auto text = ask({"check"});
  EXPECT_EQ(text.code, 1);
  EXPECT_EQ(places_in(text.out), the_broken_places()) << text.out;
  for (const char* hint : {"did you mean \"nginx\"?", "did you mean `state_dir`?", "did you mean ${who}?",
                           "did you mean \"ops\"?", "did you mean \"error\"?", "not built yet"})
    EXPECT_THAT(text.out, HasSubstr(hint));
}

TEST_F(Configuration, CheckSaysTheSameToPrograms) {
  write_the_broken_ones();
  const auto answer = ask({"check", "--json"});
  EXPECT_EQ(answer.code, 1);
  const auto parsed = json::parse(answer.out, nullptr, false);
  ASSERT_TRUE(parsed.is_object()) << answer.out;
  EXPECT_EQ(places_of(parsed["problems"]), the_broken_places());
  for (const auto& each : parsed["problems"]) {
    EXPECT_EQ(each.size(), 6U);
    EXPECT_FALSE(each["message"].get<std::string>().empty());
  }
}

TEST_F(Configuration, CheckOfAFaultlessOneIsZeroAndSaysSo) {
  configure(rule("r", "match = 'boom'"));
  const auto text = ask({"check"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr("valid: 0 errors"));
  EXPECT_EQ(json::parse(ask({"check", "--json"}).out)["problems"].size(),
            1U);  // per_minute over 20 is warned of
}

TEST_F(Configuration, CheckOfAMissingFileIsTold) {
  const auto text = ask({"check"});
  EXPECT_EQ(text.code, 1);
  EXPECT_THAT(text.out, HasSubstr("cannot read " + file("dingtail.toml")));
}

TEST_F(Configuration, ACandidateReplacesTheIncludedFileOfItsName) {
  configure("");
  write_config("include = [\"rules/*.toml\"]\nstate_dir = \"state\"\n" + target());
  dir_.write("rules/a.toml", rule("a", "match = 'a'"));
  dir_.write("new/a.toml", rule("a", "match = 'a('"));
  EXPECT_EQ(ask({"check"}).code, 0);
  const auto text = ask({"check", file("new/a.toml")});
  EXPECT_EQ(text.code, 1);
  EXPECT_EQ(places_in(text.out).count({file("new/a.toml"), 7, 9, "error"}), 1U) << text.out;
  EXPECT_THAT(text.out, HasSubstr("1 rules"));
}

TEST_F(Configuration, PathsAreRelativeToItsOwnDirectoryHoweverItIsNamed) {
  configure(rule("r", "match = 'boom'"));
  append("");
  launch({"run", "-c", "dingtail.toml"});
  ASSERT_TRUE(wait_until_ready());
  append("boom\n");
  EXPECT_TRUE(group().wait_for(1));
}

TEST_F(Configuration, ABrokenOneIsRefusedAtTheStart) {
  write_the_broken_ones();
  launch({"run", "-c", file("dingtail.toml")});
  ASSERT_EQ(agent().wait(), 1);
  auto expected = the_broken_places();
  expected.erase({file("dingtail.toml"), 12, 11, "warning"});
  expected.insert({file("dingtail.toml"), 12, 11, "error"});  // to run without the secret is no use
  EXPECT_EQ(places_in(agent().err()), expected) << agent().err();
}

class Reload : public Configuration {
 protected:
  void start_with_a_rule_file() {
    write_config(
        "include = [\"rules.toml\"]\nstate_dir = \"state\"\n[[source]]\nname = \"app\"\n"
        "paths = [\"app.log\"]\n" +
        target());
    dir_.write("rules.toml", rule("old", "match = 'old'"));
    start();
  }
  bool told(const std::string& line) {
    append(line + "\n");
    return group().wait_for([&](const Messages& messages) {
      return !messages.empty() && messages.back().verdict.posted.text.find(line) != std::string::npos;
    });
  }
};

TEST_F(Reload, ABrokenSetIsRefusedWholeAndAMendedOneTaken) {
  start_with_a_rule_file();
  dir_.write("rules.toml", rule("new", "match = 'new'") + "[[rule]]\nname = \"half\"\nmatch = 'a(");
  const auto refused = ask({"reload"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr(file("rules.toml") + ":10:"), HasSubstr("the running configuration goes on")));
  EXPECT_TRUE(logged("reload-refused " + file("rules.toml") + ":10:"));
  EXPECT_FALSE(json::parse(ask({"status", "--json"}).out)["reload_error"].is_null());
  EXPECT_TRUE(told("old one"));

  dir_.write("rules.toml", rule("new", "match = 'new'"));
  const auto taken = ask({"reload"});
  EXPECT_EQ(taken.code, 0) << taken.err;
  EXPECT_THAT(taken.out, HasSubstr("reloaded: 1 rules"));
  EXPECT_TRUE(json::parse(ask({"status", "--json"}).out)["reload_error"].is_null());
  EXPECT_TRUE(told("new one"));
}

TEST_F(Reload, SighupDoesTheSame) {
  start_with_a_rule_file();
  dir_.write("rules.toml", rule("new", "match = 'a('"));
  agent().signal(SIGHUP);
  ASSERT_TRUE(wait_until_logged("reload-refused " + file("rules.toml") + ":7:9: error"));
  EXPECT_TRUE(told("old one"));
  dir_.write("rules.toml", rule("new", "match = 'new'"));
  agent().signal(SIGHUP);
  ASSERT_TRUE(wait_until_logged("info reloaded"));
  EXPECT_TRUE(told("new one"));
}

TEST_F(Reload, AnAlertOfAnUntouchedRuleGoesOnAndOneOfARemovedRuleReportsItsHits) {
  const std::string kept =
      "[[rule]]\nname = \"kept\"\nmatch = 'kept'\nsummary = \"${count} hits\"\ngroup_wait = \"2s\"\n";
  const std::string gone =
      "[[rule]]\nname = \"gone\"\nmatch = 'gone'\nsummary = \"${count} hits\"\ngroup_wait = \"1h\"\n";
  start_with_a_rule_file();
  dir_.write("rules.toml", kept + gone);
  ASSERT_EQ(ask({"reload"}).code, 0);
  append("kept 1\ngone 1\ngone 2\ngone 3\n");
  ASSERT_TRUE(wait_until_read());
  dir_.write("rules.toml", kept);
  ASSERT_EQ(ask({"reload"}).code, 0);
  append("kept 2\n");
  ASSERT_TRUE(group().wait_for(2));
  std::multiset<std::uint64_t> hits;
  for (const auto& message : group().messages()) hits.insert(hits_in(message));
  EXPECT_EQ(hits, (std::multiset<std::uint64_t>{2, 3}));
}

TEST_F(Reload, MakesADeletedSocketAgain) {
  start_with_a_rule_file();
  std::filesystem::remove(file("state/control.sock"));
  EXPECT_EQ(ask({"status"}).code, 1);
  agent().signal(SIGHUP);
  EXPECT_TRUE(test::eventually([this] { return ask({"status"}).code == 0; }));
}

TEST_F(Reload, TellsWhatTakesEffectAtTheNextStartAloneUntilItIsTakenBack) {
  start_with_a_rule_file();
  const auto before = bytes_of(file("dingtail.toml"));
  write_config("control = \"other.sock\"\n" + before);
  agent().signal(SIGHUP);
  ASSERT_TRUE(wait_until_logged("restart-needed `state_dir` and `control`"));
  std::filesystem::remove(file("state/control.sock"));
  agent().signal(SIGHUP);
  EXPECT_TRUE(test::eventually([this] { return std::filesystem::exists(file("state/control.sock")); }));
  write_config(before);
  EXPECT_THAT(ask({"reload"}).out, Not(HasSubstr("next start")));
}

TEST_F(Reload, WithoutItsTimeZoneTheProcesssOwnHoldsAgain) {
  environment_["TZ"] = "UTC";
  configure("");
  const auto text = bytes_of(file("dingtail.toml"));
  write_config("timezone = \"Asia/Tokyo\"\n" + text);
  start();
  EXPECT_TRUE(logged("+09:00 info agent-started"));
  write_config(text);
  // The log keeps an offset for up to ten seconds.
  EXPECT_TRUE(test::eventually([this] {
    EXPECT_EQ(ask({"reload"}).code, 0);
    return logged("+00:00 info reloaded");
  }));
}

TEST_F(Reload, OfNobodyIsTold) {
  configure(rule("r", "match = 'boom'"));
  const auto answer = ask({"reload"});
  EXPECT_EQ(answer.code, 1);
  EXPECT_THAT(answer.err, HasSubstr("no agent answers on " + file("state/control.sock")));
}

}  // namespace
}  // namespace dingtail::integration
