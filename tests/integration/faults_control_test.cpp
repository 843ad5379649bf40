// Faults F43 and F44: signals at any moment, and configurations as editors and accidents leave them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <random>

#include "base/text.h"
#include "integration/fault.h"
#include "observe/control.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST_F(Fault, F43_SigtermDuringADeliveryEndsInTimeAndTheMessageIsRepeatedAsItWas) {
  constexpr std::chrono::seconds kStopsWithin{5};
  follow_lines();
  group().robot().misbehave({.delay = std::chrono::hours(1), .times = 1});
  start();
  write(1, 1);
  ASSERT_TRUE(wait_until_told(1));
  agent().signal(SIGTERM);
  EXPECT_EQ(agent().wait(kStopsWithin + std::chrono::seconds(2)), 0);
  start();
  ASSERT_TRUE(test::eventually([&] { return group().requests().size() == 2; }));
  const auto requests = group().requests();
  EXPECT_EQ(requests.at(0).verdict.posted.msg_uuid, requests.at(1).verdict.posted.msg_uuid);
  EXPECT_TRUE(requests.at(1).verdict.repeat);
  expect_each_once(1);
}

TEST_F(Fault, F43_ASighupWhileItEndsReloadsNothing) {
  follow_lines();
  group().robot().misbehave({.delay = std::chrono::hours(1), .times = 1});
  start();
  write(1, 1);
  ASSERT_TRUE(wait_until_told(1));
  agent().signal(SIGTERM);
  ASSERT_TRUE(wait_until_logged("agent-stopping"));
  agent().signal(SIGHUP);
  EXPECT_EQ(agent().wait(), 0);
  EXPECT_FALSE(logged("reloaded"));
}

TEST_F(Fault, F43_AStormOfSighupsChangesNothing) {
  constexpr int kReloads = 30;
  constexpr int kSignals = 10;
  follow_lines();
  start();
  const auto descriptors = [this]() -> std::ptrdiff_t {
    if (::geteuid() != 0) return 0;  // nobody else may look
    const fs::directory_iterator all("/proc/" + std::to_string(agent().pid()) + "/fd");
    return std::distance(begin(all), end(all));
  };
  write(1, 1);
  ASSERT_TRUE(wait_until_told(1));
  const auto before = descriptors();
  for (int i = 1; i <= kReloads; ++i) {
    write(2 * i, 2 * i);
    for (int signal = 0; signal < kSignals; ++signal) agent().signal(SIGHUP);
    write(2 * i + 1, 2 * i + 1);
    ASSERT_TRUE(wait_until_ready());
  }
  expect_each_once(2 * kReloads + 1);
  EXPECT_TRUE(test::eventually([&] { return descriptors() <= before; }));  // those of a delivery are closed
  stop();
}

TEST_F(Fault, F43_StoppedItMissesNothingThatHappensMeanwhile) {
  follow_lines();
  start();
  group().robot().misbehave({.delay = std::chrono::milliseconds(100), .times = 1});
  write(1, 10);
  ASSERT_TRUE(wait_until_told(1));  // its answer is on the way
  freeze();
  write(11, 40);
  fs::rename(log(), log() + ".1");
  write(41, 60);
  agent().signal(SIGHUP);
  thaw();
  write(61, 70);
  expect_each_once(70);
  EXPECT_TRUE(logged("info reloaded"));
}

observe::Reply reload(const std::string& control) {
  const auto answer = observe::ask(control, "reload", test::kDeadline);
  return answer ? *answer : observe::Reply{-1, answer.error().what};
}

// The rules in a file of their own, which is included.
std::string include_rules(const std::string& configuration) {
  return "include = [\"rules.toml\"]\n" + configuration;
}

bool is_strictly_inside_a_line(const std::string& text, std::size_t at) {
  return at > 0 && text[at - 1] != '\n' && text[at] != '\n';
}

TEST_F(Fault, F44_ARuleFileThatIsHalfWrittenIsRefusedAtItsLineAndTheOldOneGoesOn) {
  const std::string whole = line_rule();
  follow("\"app.log\"", "", "");
  write_config(include_rules(bytes_of(file("dingtail.toml"))));
  const auto rules = dir_.write("rules.toml", whole);
  start();
  write(1, 1);
  ASSERT_TRUE(wait_until_told(1));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    if (!is_strictly_inside_a_line(whole, at)) continue;  // what ends with a line may be meant so
    dir_.write("rules.toml", whole.substr(0, at));
    const auto answer = reload(file("state/control.sock"));
    ASSERT_TRUE(wait_until_ready());
    const auto line = 1 + std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    EXPECT_EQ(answer.exit_code, 1) << whole.substr(0, at);
    EXPECT_THAT(answer.text, HasSubstr(rules + ":" + std::to_string(line) + ":"));
  }
  write(2, 2);
  ASSERT_TRUE(wait_until_told(2));
  ASSERT_TRUE(test::eventually([&] { return !group().notices().empty(); }));
  const auto notice = base::replace_all(group().notices()[0].verdict.posted.text, "\\", "");
  EXPECT_THAT(notice, HasSubstr(rules + ":1:"));
  dir_.write("rules.new", whole);
  fs::rename(file("rules.new"), rules);
  EXPECT_EQ(reload(file("state/control.sock")).exit_code, 0);
  write(3, 3);
  expect_each_once(3);
  EXPECT_EQ(group().notices().size(), 1U);
}

TEST_F(Fault, F44_GarbageAndHugeFilesForAConfigurationAreRefusedAndTheOldOneGoesOn) {
  constexpr std::size_t kHuge = 50U << 20;
  constexpr std::size_t kDeep = 100'000;
  follow_lines();
  const std::string right = bytes_of(file("dingtail.toml"));
  start();
  std::mt19937 random(1);  // always the same bytes
  std::string noise(4096, '\0');
  for (auto& byte : noise) byte = static_cast<char>(random());
  const std::vector<std::string> broken = {
      noise,
      std::string(4096, '\0'),
      right + "\xff\xfe",
      "\xff\xfe" + right,
      right + right,
      "include = [\"dingtail.toml\"]\n" + right + "x",
      "x = " + std::string(kDeep, '[') + std::string(kDeep, ']') + "\n",
      std::string(kDeep, '[') + "x",
      right + "x = \"" + std::string(1 << 20, 'x'),
      right + std::string(kHuge, '\n'),
  };
  for (std::size_t i = 0; i < broken.size(); ++i) {
    SCOPED_TRACE(i);
    write_config(broken[i]);
    const auto answer = reload(file("state/control.sock"));
    ASSERT_TRUE(wait_until_ready());
    EXPECT_EQ(answer.exit_code, 1);
    EXPECT_THAT(answer.text, HasSubstr(file("dingtail.toml") + ":"));
    const int line = static_cast<int>(i) + 1;
    write(line, line);
    EXPECT_TRUE(wait_until_told(line));
  }
  const int last = static_cast<int>(broken.size());
  fs::remove(file("dingtail.toml"));
  agent().signal(SIGHUP);
  EXPECT_TRUE(test::eventually([&] { return times_logged("reload-refused") > broken.size(); }));
  write_config(right);
  EXPECT_EQ(reload(file("state/control.sock")).exit_code, 0);
  write(last + 1, last + 1);
  expect_each_once(last + 1);
}

}  // namespace
}  // namespace dingtail::integration
