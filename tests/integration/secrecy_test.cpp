// Token and secret reach no output, no status, no process list and nobody else's /proc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "integration/host.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Secrecy : public Host {
 protected:
  // From the environment, so that nothing but the process itself knows them.
  void configure_from_environment(const std::string& more = "") {
    configure("");
    environment_["HOOK"] = group().url();
    environment_["SECRET"] = kSecret;
    write_config(
        "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n[[target]]\nname = "
        "\"ops\"\n"
        "type = \"dingtalk\"\nwebhook = \"${env:HOOK}\"\nsecret = \"${env:SECRET}\"\nca_file = \"ca.pem\"\n" +
        more + rule("r", "match = 'boom'"));
  }
  void expect_no_secret_in(const std::string& text, const std::string& where) {
    for (const char* secret : {kToken, kSecret}) EXPECT_THAT(text, Not(HasSubstr(secret))) << where;
    EXPECT_THAT(text, Not(HasSubstr("sign="))) << where;
  }
  // Everything that the agent and the commands have said so far.
  void expect_no_secret_said() {
    for (const auto& entry : fs::directory_iterator(dir_.path()))
      if (entry.path().extension() == ".out" || entry.path().extension() == ".err")
        expect_no_secret_in(content(entry.path()), entry.path());
  }
};

TEST_F(Secrecy, NothingIsSaidInAnyTrouble) {
  const std::string keyword = std::string("keywords = [\"") + kKeyword + "\"]\n";
  configure_from_environment(keyword);
  group().robot().misbehave(
      {.errcode = 310000, .errmsg = std::string("sign not match ") + kToken + kSecret, .times = 2});
  start();
  append("boom\n");
  ASSERT_TRUE(wait_until_logged("target-held ops: errcode 310000"));
  ask({"status"});
  ask({"status", "--json"});
  EXPECT_EQ(ask({"send", "--target", "ops", "hello"}).code, 1);

  configure_from_environment(keyword + "nonsense = 1\n");
  EXPECT_EQ(ask({"reload"}).code, 1);
  EXPECT_EQ(ask({"check"}).code, 1);
  EXPECT_EQ(ask({"run"}).code, 1);

  configure_from_environment(keyword);
  EXPECT_EQ(ask({"reload"}).code, 0);
  ASSERT_TRUE(group().wait_for(1));
  group().close();
  append("boom\n");
  ASSERT_TRUE(wait_until_logged("delivery-failed ops: "));
  EXPECT_EQ(ask({"send", "--target", "ops", "hello"}).code, 1);
  ask({"status"});
  expect_no_secret_in(content("/proc/" + std::to_string(agent().pid()) + "/cmdline"), "cmdline");
  stop();
  expect_no_secret_said();
}

TEST_F(Secrecy, AMistakeInTheWebhookItselfDoesNotShowIt) {
  configure("");
  const std::string good = target();
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>("https://127.0.0.1", "http://robot.example"),
        {"https://127.0.0.1", "ftp:/"},
        {"https://127.0.0.1", "https://user@127.0.0.1"},
        {"secret = ", "secrets = "},
        {"secret = \"", "secret = [\""}}) {
    const auto broken = base::replace_all(good, from, to);
    ASSERT_NE(broken, good);
    write_config("state_dir = \"state\"\n" + broken + rule("r", "match = 'boom'"));
    EXPECT_EQ(ask({"check"}).code, 1);
    ask({"check", "--json"});
    EXPECT_EQ(ask({"run"}).code, 1);
  }
  expect_no_secret_said();
}

TEST_F(Secrecy, AnExpiredCertificatesErrorDoesNotShowThem) {
  use_group({.certificate = {.ends_in_s = -1}});
  configure_from_environment();
  EXPECT_EQ(ask({"send", "--target", "ops", "hello"}).code, 1);
  expect_no_secret_said();
}

TEST_F(Secrecy, EvenTheSameUserCannotReadTheAgentsEnvironment) {
  configure_from_environment();
  fs::permissions(dir_.path(), fs::perms::all);
  fs::permissions(file("dingtail.toml"), fs::perms::all);
  environment_["ASAN_OPTIONS"] = "detect_leaks=0";  // the leak checker needs rights that this user lacks
  launch({"run", "-c", file("dingtail.toml")}, another_user());
  ASSERT_TRUE(wait_until_ready()) << agent().err();
  const auto read_environment_of = [&](pid_t pid) {
    return test::run({"cat", {"/proc/" + std::to_string(pid) + "/environ"}, {}, "", another_user()},
                     file("cat"));
  };
  const auto agents = read_environment_of(agent().pid());
  EXPECT_NE(agents.code, 0);
  EXPECT_EQ(agents.out, "");
  // What the test would see if the agent did nothing.
  const test::Process other({"sleep", {"60"}, {{"SECRET", kSecret}}, "", another_user()}, file("sleep"));
  EXPECT_TRUE(test::eventually(
      [&] { return read_environment_of(other.pid()).out.find(kSecret) != std::string::npos; }));
}

// Root reads every process's environment; the agent's has moved away.
TEST_F(Secrecy, NotEvenRootFindsThemInTheEnvironmentAndTheyAreStillThereAtAReload) {
  configure_from_environment(std::string("keywords = [\"") + kKeyword + "\"]\n");
  environment_["DINGTALK_SECRET"] = kSecret;
  start();
  const std::string proc = "/proc/" + std::to_string(agent().pid());
  expect_no_secret_in(content(proc + "/environ"), "environ");
  expect_no_secret_in(content(proc + "/cmdline"), "cmdline");
  EXPECT_EQ(ask({"reload"}).code, 0);
  append("boom\n");
  EXPECT_TRUE(group().wait_for(1));
  const test::Process other({"sleep", {"60"}, {{"SECRET", kSecret}}}, file("sleep"));
  EXPECT_TRUE(test::eventually([&] {
    return content("/proc/" + std::to_string(other.pid()) + "/environ").find(kSecret) != std::string::npos;
  }));
}

TEST_F(Secrecy, TheSandboxsAreNotInTheProcessList) {
  const test::Process sandbox(
      {DINGTAIL_BINARY,
       {"sandbox", "--listen", "127.0.0.1:0", "--secret", kSecret, std::string("--token=") + kToken}},
      file("sandbox"));
  ASSERT_TRUE(test::eventually([&] { return !sandbox.out().empty() || !sandbox.err().empty(); }));
  const auto shown = content("/proc/" + std::to_string(sandbox.pid()) + "/cmdline");
  EXPECT_THAT(shown, HasSubstr("--secret"));
  expect_no_secret_in(shown, "cmdline");
}

TEST_F(Secrecy, TheStateHoldsNoneOfThem) {
  configure_from_environment();
  group().close();
  start();
  append("boom\n");
  ASSERT_TRUE(wait_until_logged("delivery-failed ops: "));
  kill();
  std::string all;
  for (const auto& entry : fs::recursive_directory_iterator(file("state")))
    if (entry.is_regular_file()) all += content(entry.path());
  EXPECT_THAT(all, HasSubstr("msgUuid"));  // the message that waits
  expect_no_secret_in(all, "state");
}

TEST_F(Secrecy, AnAgentThatIsAbortedLeavesNoCore) {
  configure_from_environment();
  under_ = {"sh", "-c", "ulimit -c unlimited && exec \"$@\"", "sh"};
  const auto cores = [&] {
    std::string out;
    for (const auto& entry : fs::directory_iterator(dir_.path()))
      if (entry.path().filename().string().starts_with("core")) out += entry.path().filename().string() + " ";
    return out;
  };
  start();
  agent().signal(SIGABRT);
  ASSERT_EQ(agent().wait(), 128 + SIGABRT);
  EXPECT_EQ(cores(), "");
  // What another process leaves here.
  const test::Finished other =
      test::run({"sh", {"-c", "ulimit -c unlimited && kill -ABRT $$"}, {}, dir_.path()}, file("other"));
  ASSERT_EQ(other.code, 128 + SIGABRT);
  if (cores().empty())
    GTEST_SKIP() << "this host writes no core files: " << content("/proc/sys/kernel/core_pattern");
}

TEST_F(Secrecy, ALiteralSecretInAFileThatOthersMayReadIsWarnedOf) {
  configure("");
  EXPECT_THAT(ask({"check"}).out, Not(HasSubstr("others may read")));
  fs::permissions(file("dingtail.toml"), fs::perms::others_read, fs::perm_options::add);
  const auto text = ask({"check"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr("a secret stands in a file that others may read"));
  expect_no_secret_said();
}

}  // namespace
}  // namespace dingtail::integration
