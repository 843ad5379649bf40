#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "config/packs.h"
#include "support/load_text.h"

namespace dingtail::config {
namespace {

using namespace std::chrono_literals;
using test::brief;
using test::load_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kTarget = "[[target]]\nname = 'ops'\ntype = 'console'\n";

TEST(Load, AWholeConfigurationBecomesValues) {
  const test::TempDir dir;
  const auto loaded = load_text(dir, R"(
state_dir = "/var/lib/x"
language = "zh"
timezone = "Asia/Shanghai"
default_targets = ["ops"]
[labels]
env = "prod"
[defaults]
severity = "error"
repeat_interval = "10m"
[[source]]
name = "nginx"
paths = ["/var/log/nginx/*.log"]
exclude = ["*debug*"]
read_from = "beginning"
max_record = "64KiB"
[[target]]
name = "ops"
type = "dingtalk"
webhook = "https://oapi.dingtalk.com/robot/send?access_token=t"
secret = "SEC1"
keywords = ["告警"]
mention = { mobiles = ["13800000000"], on = ["firing", "resolved"] }
events = ["firing"]
[[rule]]
name = "r"
match = ['a(?P<x>b)', 'c']
exclude = 'no'
summary = { en = "E ${x:-none}", zh = "Z" }
group_by = "x"
when = { count = 5, within = "1m" }
labels = { team = "db" }
resolve_after = "5m"
)");
  EXPECT_THAT(brief(loaded.problems), testing::Each(HasSubstr("others may read")));
  const auto& config = loaded.config;
  EXPECT_EQ(config.control, "/var/lib/x/control.sock");
  EXPECT_EQ(config.language, Language::kChinese);
  ASSERT_EQ(config.sources.size(), 1U);
  EXPECT_EQ(config.sources[0].read_from, ReadFrom::kBeginning);
  EXPECT_EQ(config.sources[0].max_record_bytes, 65536U);
  ASSERT_EQ(config.targets.size(), 1U);
  EXPECT_EQ(config.targets[0].language, Language::kChinese);
  EXPECT_THAT(config.targets[0].mention.on, ElementsAre(EventKind::kFiring, EventKind::kResolved));
  EXPECT_THAT(config.targets[0].events, ElementsAre(EventKind::kFiring, EventKind::kRepeat));
  ASSERT_EQ(config.rules.size(), 1U);
  const auto& rule = config.rules[0];
  EXPECT_EQ(rule.severity, Severity::kError);
  EXPECT_EQ(rule.match.size(), 2U);
  EXPECT_EQ(rule.when.count, 5U);
  EXPECT_EQ(rule.when.within, 1min);
  EXPECT_EQ(rule.group_wait, 2s);
  EXPECT_EQ(rule.repeat_interval, 10min);
  EXPECT_EQ(rule.repeat_max, 4h);
  EXPECT_EQ(rule.resolve_after, 5min);
  EXPECT_EQ(rule.summary.in(Language::kChinese)->value, "Z");
}

TEST(Load, CriticalRulesDoNotWaitUnlessTheyOrTheDefaultsSaySo) {
  EXPECT_EQ(test::rules_of("[[rule]]\nname='r'\nmatch='x'\nseverity='critical'\n").rules.at(0).group_wait,
            0ms);
  EXPECT_EQ(test::rules_of("[[rule]]\nname='r'\nmatch='x'\nseverity='critical'\ngroup_wait='3s'\n")
                .rules.at(0)
                .group_wait,
            3s);
}

TEST(Load, ADefaultGroupWaitDoesNotDelayCriticalRules) {
  const auto rules = test::rules_of(
                         "[defaults]\ngroup_wait='9s'\n[[rule]]\nname='a'\nmatch='x'\n"
                         "[[rule]]\nname='b'\nmatch='x'\nseverity='critical'\n")
                         .rules;
  EXPECT_EQ(rules.at(0).group_wait, 9s);
  EXPECT_EQ(rules.at(1).group_wait, 0ms);
}

TEST(Load, DefaultsOfAnyFileHoldForTheRulesOfEveryFile) {
  const test::TempDir dir;
  dir.write("rules/a.toml", "[[rule]]\nname = 'a'\nmatch = 'x'\n");
  dir.write("rules/b.toml", "[defaults]\nseverity = 'critical'\n");
  const auto loaded = load_text(dir, "include = ['rules/*.toml']\n");
  ASSERT_EQ(loaded.config.rules.size(), 1U);
  EXPECT_EQ(loaded.config.rules[0].severity, Severity::kCritical);
}

TEST(Load, EveryMistakeIsToldAtItsPlaceInOneRun) {
  const test::TempDir dir;
  const auto loaded = load_text(dir, std::string(kTarget) + R"(
[[rule]]
name = "a"
mach = 'x'
match = 'x'
[[rule]]
name = "a"
match = 5
severity = "fatal"
when = { count = 3 }
group_wait = "2 seconds"
targets = ["opps"]
where = { src = "x" }
[[source]]
paths = []
[[surce]]
)");
  EXPECT_THAT(
      brief(loaded.problems),
      ElementsAre("7:1: error: unknown key `mach` in [[rule]]",  //
                  "9:1: error: rule \"a\" is there twice",       //
                  "11:9: error: `match` in [[rule]] must be a string or a list of strings, not an integer",
                  "12:12: error: \"fatal\" is not one of \"info\", \"warning\", \"error\", \"critical\"",
                  "13:8: error: `count` and `within` go together in `when`",      //
                  "14:14: error: `group_wait`: \"2 seconds\" is not a duration",  //
                  "15:12: error: there is no target \"opps\"",                    //
                  "16:1: error: `where` in [[rule]] is not built yet",            //
                  "17:1: error: [[source]] has no `name`",                        //
                  "18:9: error: `paths` in [[source]] is empty",                  //
                  "19:3: error: unknown key `surce` in the file"));
}

TEST(Load, HintsNameWhatWasMeant) {
  const test::TempDir dir;
  const auto problems =
      load_text(dir,
                std::string(kTarget) + "[[rule]]\nname='r'\nmatch='x'\nsevrity='info'\ntargets=['opss']\n")
          .problems.sorted();
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].hint, "did you mean `severity`?");
  EXPECT_EQ(problems[1].hint, "did you mean \"ops\"?");
  EXPECT_THAT(print(problems[0]),
              HasSubstr("dingtail.toml:7:1: error: unknown key `sevrity` in [[rule]]\n  hint: "));
}

TEST(Load, AfterASyntaxErrorTheRestIsStillRead) {
  const test::TempDir dir;
  const auto loaded = load_text(
      dir, "[[rule]]\nname = 'a'\nmatch = 'x\n[[rule]]\nname = 'b'\nmatch = 'y'\nmatch = 'z'\nbad = 1\n");
  EXPECT_THAT(
      brief(loaded.problems),
      ElementsAre(StartsWith("1:1: error: [[rule]] has no `match`"), StartsWith("3:11: error: "),
                  StartsWith("7:1: error: cannot redefine"), StartsWith("8:1: error: unknown key `bad`")));
}

TEST(Load, WhatIsNotBuiltYetIsRefusedByName) {
  const test::TempDir dir;
  for (const auto* text :
       {"listen = '127.0.0.1:1'\n", "[[route]]\n", "[[inhibit]]\n", "[[override]]\n", "[[table]]\n",
        "[[digest]]\n", "[limits]\nstate_memory = '1MiB'\n", "calendar = 'x'\n",
        "[[source]]\nname='s'\npaths=['/x']\ntime={}\n", "[[source]]\nname='s'\njournal={}\n",
        "[[source]]\nname='s'\npaths=['/x']\nformat='json'\n", "[[target]]\nname='t'\ntype='alertmanager'\n",
        "[[rule]]\nname='r'\nmatch='x'\nwhen={absent='5m'}\n",
        "[[rule]]\nname='r'\nmatch='x'\nmode='shadow'\n"})
    EXPECT_THAT(brief(load_text(dir, text).problems), Contains(HasSubstr("not built yet"))) << text;
}

TEST(Load, ACandidateReplacesTheIncludedFileOfItsNameOrIsAdded) {
  const test::TempDir dir;
  dir.write("rules/a.toml", "[[rule]]\nname = 'old'\nmatch = 'x'\n");
  const auto main = dir.write("dingtail.toml", "include = ['rules/*.toml']\n");
  const auto candidate = dir.write("new/a.toml", "[[rule]]\nname = 'new'\nmatch = 'x'\n");
  const auto extra = dir.write("new/b.toml", "[[rule]]\nname = 'extra'\nmatch = 'x'\n");
  const auto loaded = load({main, {candidate, extra}, UnsetSecret::kWarning});
  std::vector<std::string> names;
  for (const auto& rule : loaded.config.rules) names.push_back(rule.name);
  EXPECT_THAT(names, ElementsAre("new", "extra"));
}

TEST(Load, ACandidateThatIsIncludedAsItIsReplacesNoNamesakeElsewhere) {
  const test::TempDir dir;
  dir.write("conf.d/nginx.toml", "[[source]]\nname = 's'\npaths = ['/x']\n");
  const auto rules = dir.write("rules/nginx.toml", "[[rule]]\nname = 'r'\nmatch = 'x'\n");
  const auto main = dir.write("dingtail.toml", "include = ['conf.d/*.toml', 'rules/*.toml']\n");
  const auto loaded = load({main, {rules}, UnsetSecret::kWarning});
  EXPECT_THAT(brief(loaded.problems), IsEmpty());
  EXPECT_EQ(loaded.config.sources.size(), 1U);
  EXPECT_EQ(loaded.config.rules.size(), 1U);
}

TEST(Load, ABrokenTableHeaderDoesNotHideWhatStandsAboveIt) {
  const test::TempDir dir;
  const auto loaded = load_text(dir, "state_dir = '/x'\nbad = 1\n[[rule]\nname = 'r'\n");
  EXPECT_EQ(loaded.config.state_dir, "/x");
  EXPECT_THAT(brief(loaded.problems),
              ElementsAre(StartsWith("2:1: error: unknown key `bad`"), StartsWith("3:8: error: ")));
}

TEST(Load, EmptyNamesAndBadProxiesAreTold) {
  const test::TempDir dir;
  const std::string target = "type='dingtalk'\nwebhook='https://h/robot/send?access_token=${env:PATH}'\n";
  EXPECT_THAT(brief(load_text(dir, "[[rule]]\nname=' '\nmatch='x'\n").problems),
              ElementsAre("2:6: error: `name` in [[rule]] is empty"));
  const auto loaded = load_text(dir, "[[target]]\nname=''\n" + target + "proxy='ftp://u:${env:PATH}@h'\n");
  EXPECT_THAT(brief(loaded.problems), ElementsAre("2:6: error: `name` in [[target]] is empty",
                                                  "5:7: error: `proxy` is not a proxy's URL"));
}

TEST(Load, AnEmptyPatternAndATestsUnknownSourceAreWarnings) {
  const test::TempDir dir;
  const auto loaded = load_text(dir,
                                "[[source]]\nname='java'\npaths=['/x']\n[[rule]]\nname='r'\nmatch=['a', '']\n"
                                "[[rule.test]]\nsource='jav'\nlines=['a']\nexpect={hits=1}\n");
  EXPECT_FALSE(loaded.problems.failed());
  EXPECT_THAT(
      brief(loaded.problems),
      ElementsAre("6:13: warning: an empty pattern matches every record",
                  "8:8: warning: a test of rule \"r\" names source \"jav\", which this host lacks: its "
                  "lines are taken for plain ones"));
}

TEST(Load, ACaFileIsRelativeToTheFileAndWarnedOfWhereItIsMissing) {
  const test::TempDir dir;
  dir.write("ca.pem", "");
  const std::string target = "type='dingtalk'\nwebhook='https://h/robot/send?access_token=";
  const auto loaded = load_text(dir, "[[target]]\nname='a'\n" + target + "a'\nca_file='ca.pem'\n" +
                                         "[[target]]\nname='b'\n" + target + "b'\nca_file='no.pem'\n");
  EXPECT_EQ(loaded.config.targets.at(0).ca_file, dir / "ca.pem");
  EXPECT_FALSE(loaded.problems.failed());
  EXPECT_THAT(brief(loaded.problems),
              testing::Contains(AllOf(StartsWith("10:9: warning: `ca_file` cannot be read: "),
                                      HasSubstr("no.pem: No such file"))));
}

TEST(Load, RelativePathsAreRelativeToTheFileHoweverItIsNamed) {
  const test::TempDir dir;
  const auto before = std::filesystem::current_path();
  dir.write("c.toml", "state_dir = 'st'\n[[source]]\nname = 's'\npaths = ['logs/*.log']\n");
  std::filesystem::current_path(dir.path());
  const auto loaded = load({"c.toml", {}, UnsetSecret::kError});
  std::filesystem::current_path(before);
  EXPECT_EQ(loaded.config.sources.at(0).paths.at(0), dir / "logs/*.log");
  EXPECT_EQ(loaded.config.state_dir, dir / "st");
}

TEST(Load, ACandidateAloneIsNotHeldAgainstItsMissingTargets) {
  const test::TempDir dir;
  const auto candidate = dir.write("a.toml", "[[rule]]\nname = 'a'\nmatch = 'x'\ntargets = ['ops']\n");
  const auto loaded = load({"", {candidate}, UnsetSecret::kWarning});
  EXPECT_FALSE(loaded.problems.failed());
  EXPECT_EQ(brief(loaded.problems).size(), 1U);
}

TEST(Load, AnIncludeThatCannotBeReadIsToldWhereItIsNamed) {
  const test::TempDir dir;
  EXPECT_THAT(brief(load_text(dir, "include = ['rules/absent.toml']\n").problems),
              ElementsAre(StartsWith("1:12: error: cannot read")));
}

TEST(Load, FilesThatIncludeEachOtherAreReadOnce) {
  const test::TempDir dir;
  dir.write("a.toml", "include = ['dingtail.toml', 'a.toml']\n[[rule]]\nname = 'a'\nmatch = 'x'\n");
  const auto loaded = load_text(dir, "include = ['a.toml']\n");
  EXPECT_FALSE(loaded.problems.failed());
  EXPECT_EQ(loaded.config.rules.size(), 1U);
}

TEST(Load, AnEnormousFileIsRefusedNotSwallowed) {
  const test::TempDir dir;
  dir.write("big.toml", std::string(5 << 20, '#'));
  EXPECT_THAT(brief(load_text(dir, "include = ['big.toml']\n").problems),
              ElementsAre(HasSubstr("larger than")));
}

TEST(Load, EveryShippedPackIsThereByNameAndRight) {
  EXPECT_EQ(packs().size(), 10U);
  const test::TempDir dir;
  for (const auto& pack : packs()) {
    const auto loaded = load_text(dir, "packs = ['" + std::string(pack.name) + "']\n");
    EXPECT_THAT(brief(loaded.problems), IsEmpty()) << pack.name;
    EXPECT_FALSE(loaded.config.rules.empty()) << pack.name;
    for (const auto& rule : loaded.config.rules)
      EXPECT_FALSE(rule.tests.empty()) << rule.name << " has no test";
  }
  EXPECT_THAT(brief(load_text(dir, "packs = ['ngnix']\n").problems),
              ElementsAre("1:10: error: there is no pack \"ngnix\""));
}

TEST(Secrets, ComeFromEnvironmentFileAndCredential) {
  const test::TempDir dir;
  std::filesystem::permissions(dir.write("token", "  abc\n"), std::filesystem::perms(0640));
  dir.write("credentials/ops", "SECx\n");
  ::setenv("CREDENTIALS_DIRECTORY", (dir / "credentials").c_str(), 1);
  ::setenv("DINGTAIL_TEST_HOST", "oapi.dingtalk.com", 1);
  const auto loaded = load_text(dir, R"([[target]]
name = "ops"
type = "dingtalk"
webhook = "https://${env:DINGTAIL_TEST_HOST}/robot/send?access_token=${file:token}"
secret = "${credential:ops}"
)");
  EXPECT_THAT(brief(loaded.problems), IsEmpty());
  EXPECT_EQ(loaded.config.targets.at(0).robots.at(0).webhook.reveal(),
            "https://oapi.dingtalk.com/robot/send?access_token=abc");
  EXPECT_EQ(loaded.config.targets.at(0).robots.at(0).secret.reveal(), "SECx");
}

TEST(Secrets, UnsetIsAnErrorThatNamesTheKeyAndInACheckAWarning) {
  const test::TempDir dir;
  const auto* text =
      "[[target]]\nname='ops'\ntype='dingtalk'\nwebhook='https://h/robot/"
      "send?access_token=${env:DINGTAIL_NOT_SET}'\n";
  EXPECT_THAT(
      brief(load_text(dir, text).problems),
      ElementsAre("4:9: error: `webhook` in [[target]]: environment variable DINGTAIL_NOT_SET is not set"));
  const auto checked = load_text(dir, text, UnsetSecret::kWarning);
  EXPECT_FALSE(checked.problems.failed());
  EXPECT_EQ(brief(checked.problems).size(), 1U) << "what is unset is not judged further";
}

// Of a file that only its owner may read: what stands in it is warned of otherwise.
Loaded load_private(const test::TempDir& dir, const std::string& text,
                    UnsetSecret unset = UnsetSecret::kError) {
  const auto file = dir.write("dingtail.toml", text);
  ::chmod(file.c_str(), 0600);
  return load({file, {}, unset});
}

TEST(Secrets, AReferenceThatIsNoneIsAnErrorThatSaysWhatWasMeant) {
  const test::TempDir dir;
  const auto problem = [&](const std::string& secret) {
    const auto loaded = load_private(
        dir,
        "[[target]]\nname='o'\ntype='dingtalk'\nwebhook='https://h/robot/send?access_token=a'\nsecret='" +
            secret + "'\n",
        UnsetSecret::kWarning);
    EXPECT_TRUE(loaded.problems.failed()) << secret;
    EXPECT_TRUE(loaded.config.targets.at(0).robots.at(0).secret.empty()) << secret;
    const auto all = loaded.problems.sorted();
    return all.empty() ? "" : brief(loaded.problems).front() + " (" + all.front().hint + ")";
  };
  EXPECT_EQ(problem("${evn:PATH}"),
            "5:8: error: `secret` in [[target]]: unknown reference ${evn:…} (did you mean `${env:`?)");
  EXPECT_THAT(problem("a${fil:/etc/x}b"), HasSubstr("${fil:…} (did you mean `${file:`?)"));
  EXPECT_THAT(problem("${credentials:x}"), HasSubstr("(did you mean `${credential:`?)"));
  EXPECT_THAT(
      problem("${vault:x}"),
      HasSubstr("unknown reference ${…} (known here: ${env:NAME}, ${file:PATH}, ${credential:NAME})"));
  EXPECT_THAT(problem("${PATH}"), HasSubstr("unknown reference ${…} (known here: "));
  EXPECT_THAT(problem("${env:PATH"),
              HasSubstr("`secret` in [[target]]: unclosed ${ (write a } behind the name)"));
}

TEST(Secrets, WhatIsNoReferenceIsLeftToPatternsAndTemplates) {
  const test::TempDir dir;
  const auto loaded = load_private(dir, R"([[rule]]
name = "r"
match = 'a(?P<evn>.)${evn:x'
summary = "${evn:-x} ${evn}"
[[redact]]
pattern = '(a)b'
replace = '${1}=***'
)");
  EXPECT_THAT(brief(loaded.problems), IsEmpty());
}

TEST(Secrets, AnEmptyOneIsAsGoodAsUnset) {
  const test::TempDir dir;
  const auto empty = dir.write("empty", " \n");
  ::chmod(empty.c_str(), 0600);
  ::setenv("DINGTAIL_TEST_EMPTY", " ", 1);
  const auto problems = [&](const std::string& token, const std::string& secret) {
    return brief(
        load_private(dir,
                     "[[target]]\nname='o'\ntype='dingtalk'\nwebhook='https://h/robot/send?access_token=" +
                         token + "'\nsecret='" + secret + "'\n")
            .problems);
  };
  EXPECT_THAT(
      problems("${env:DINGTAIL_TEST_EMPTY}", "x"),
      ElementsAre("4:9: error: `webhook` in [[target]]: environment variable DINGTAIL_TEST_EMPTY is empty"));
  EXPECT_THAT(
      problems("x", "${env:DINGTAIL_TEST_EMPTY}"),
      ElementsAre("5:8: error: `secret` in [[target]]: environment variable DINGTAIL_TEST_EMPTY is empty"));
  EXPECT_THAT(
      problems("x", "${file:empty}"),
      ElementsAre(AllOf(StartsWith("5:8: error: `secret` in [[target]]: /"), HasSubstr("/empty is empty"))));
  EXPECT_THAT(problems("x", " "), ElementsAre("5:8: error: `secret` is empty"));
  EXPECT_THAT(problems("", "x"), ElementsAre("4:9: error: `webhook` has an empty access_token"));
  EXPECT_THAT(problems("&a=b", "x"), ElementsAre("4:9: error: `webhook` has an empty access_token"));
}

TEST(Secrets, AnUnsetWebhookOrMobileIsStillOnlyAWarningInACheck) {
  const test::TempDir dir;
  const auto loaded =
      load_private(dir,
                   "[[target]]\nname='o'\ntype='dingtalk'\nwebhook='${env:DINGTAIL_NOT_SET}'\n"
                   "mention={mobiles=['${env:DINGTAIL_NOT_SET}']}\n",
                   UnsetSecret::kWarning);
  EXPECT_FALSE(loaded.problems.failed());
  EXPECT_EQ(brief(loaded.problems).size(), 2U);
}

TEST(Secrets, ALiteralOneInAFileThatOthersMayReadIsWarnedOf) {
  const test::TempDir dir;
  const auto* text =
      "[[target]]\nname='o'\ntype='dingtalk'\nwebhook='https://h/robot/send?access_token=abc'\n";
  const auto file = dir.write("dingtail.toml", text);
  ::chmod(file.c_str(), 0644);
  EXPECT_THAT(brief(load({file, {}, {}}).problems), ElementsAre(HasSubstr("others may read")));
  ::chmod(file.c_str(), 0640);
  EXPECT_THAT(brief(load({file, {}, {}}).problems), IsEmpty());
}

TEST(Webhook, IsHttpsOrLoopback) {
  const test::TempDir dir;
  const auto errors = [&](const std::string& url) {
    const auto file =
        dir.write("dingtail.toml", "[[target]]\nname='o'\ntype='dingtalk'\nwebhook='" + url + "'\n");
    ::chmod(file.c_str(), 0600);
    return load({file, {}, {}}).problems.failed();
  };
  EXPECT_FALSE(errors("https://oapi.dingtalk.io/robot/send?access_token=a"));
  EXPECT_FALSE(errors("http://127.0.0.1:80/robot/send?access_token=a"));
  EXPECT_FALSE(errors("http://[::1]:80/robot/send?access_token=a"));
  EXPECT_FALSE(errors("http://localhost/robot/send?access_token=a"));
  EXPECT_TRUE(errors("http://oapi.dingtalk.com/robot/send?access_token=a"));
  EXPECT_TRUE(errors("http://127.evil.example/robot/send?access_token=a"));
  EXPECT_TRUE(errors("ftp://h/x?access_token=a"));
  EXPECT_TRUE(errors("abc"));
}

TEST(Webhook, ThatCannotBeSentToIsAnError) {
  const test::TempDir dir;
  const auto error = [&](const std::string& url) {
    const auto loaded = load_private(dir, "[[target]]\nname='o'\ntype='dingtalk'\nwebhook=\"" + url + "\"\n");
    EXPECT_TRUE(loaded.problems.sorted().empty() || !loaded.problems.sorted().front().hint.empty());
    return loaded.problems.failed() ? brief(loaded.problems).front() : "";
  };
  for (const char* port : {":99999", ":0", ":", ":65536", ":8o", ":-1", ":18446744073709551617"})
    for (const char* host : {"h", "[2001:db8::1]"})
      EXPECT_EQ(error("https://" + std::string(host) + port + "/robot/send?access_token=a"),
                "4:9: error: `webhook` has a port that is none")
          << port;
  for (const char* port : {":1", ":443", ":65535"})
    EXPECT_EQ(error("https://[2001:db8::1]" + std::string(port) + "/robot/send?access_token=a"), "");
  for (const char* blank : {" ", "\\n", "\\t", "\\u007f"})
    EXPECT_EQ(error("https://h/robot/" + std::string(blank) + "send?access_token=a"),
              "4:9: error: `webhook` has a blank or a control character in it")
        << blank;
}

TEST(Webhook, ItsSchemeIsAsGoodInCapitals) {
  const test::TempDir dir;
  const auto loaded = load_private(
      dir,
      "[[target]]\nname='o'\ntype='dingtalk'\nwebhook='HTTPS://h/robot/send?access_token=a'\n"
      "[[target]]\nname='l'\ntype='dingtalk'\nwebhook='Http://127.0.0.1/robot/send?access_token=a'\n");
  EXPECT_THAT(brief(loaded.problems), IsEmpty());
  EXPECT_EQ(loaded.config.targets.at(0).robots.at(0).webhook.reveal(), "https://h/robot/send?access_token=a");
  EXPECT_EQ(loaded.config.targets.at(1).robots.at(0).webhook.reveal(),
            "http://127.0.0.1/robot/send?access_token=a");
}

TEST(Mention, OnlyWhatCanBeMentioned) {
  const test::TempDir dir;
  const auto loaded = load_text(
      dir, std::string(kTarget) +
               "mention = { mobiles = ['not a phone', '+852-12345678'], user_ids = ['a b', 'u1'] }\n");
  EXPECT_EQ(brief(loaded.problems).size(), 2U);
  EXPECT_THAT(loaded.config.targets.at(0).mention.mobiles, ElementsAre("+852-12345678"));
  EXPECT_THAT(loaded.config.targets.at(0).mention.user_ids, ElementsAre("u1"));
}

TEST(MatchingHash, ChangesWithWhatDecidesHitsAndWithNothingElse) {
  const auto hash = [](const std::string& more) {
    return matching_hash(test::rules_of("[[rule]]\nname='r'\nmatch=['a','b']\n" + more).rules.at(0));
  };
  const auto plain = hash("");
  for (const auto* same : {"severity='error'\n", "summary='x'\n", "group_wait='1s'\n", "targets=[]\n"})
    EXPECT_EQ(hash(same), plain) << same;
  for (const auto* other :
       {"exclude='x'\n", "sources=['s']\n", "group_by=['g']\n", "when={count=2,within='1m'}\n"})
    EXPECT_NE(hash(other), plain) << other;
}

TEST(WithoutFile, AllPacksGoToTheConsoleOrToTheRobotOfTheEnvironment) {
  ::unsetenv("DINGTALK_WEBHOOK");
  const auto console = load_without_file("/tmp/state");
  EXPECT_FALSE(console.problems.failed());
  EXPECT_EQ(console.config.targets.at(0).type, TargetType::kConsole);
  EXPECT_GT(console.config.rules.size(), 50U);
  EXPECT_EQ(console.config.control, "/tmp/state/control.sock");
  ::setenv("DINGTALK_WEBHOOK", " https://h/robot/send?access_token=a\n", 1);
  ::setenv("DINGTALK_SECRET", "SEC", 1);
  const auto robot = load_without_file("/tmp/state");
  EXPECT_EQ(robot.config.targets.at(0).robots.at(0).webhook.reveal(), "https://h/robot/send?access_token=a");
  EXPECT_EQ(robot.config.targets.at(0).robots.at(0).secret.reveal(), "SEC");
  ::unsetenv("DINGTALK_WEBHOOK");
  ::unsetenv("DINGTALK_SECRET");
}

TEST(Load, AByteThatIsNoUtf8IsToldAtItsPlaceAndHidesNothing) {
  const test::TempDir dir;
  const auto loaded = load_text(dir,
                                "[[source]]\nname = 's'\npaths = ['/x']\n# \xC3\xA9 \xE9\xE9\n"
                                "exclude = ['\xFF']\nbad = 1\n");
  EXPECT_THAT(brief(loaded.problems),
              ElementsAre("4:5: error: this is not UTF-8", "5:13: error: this is not UTF-8",
                          StartsWith("6:1: error: unknown key `bad`")));
  EXPECT_THAT(loaded.config.sources.at(0).paths, ElementsAre("/x"));
}

}  // namespace
}  // namespace dingtail::config
