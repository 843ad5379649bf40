// `dingtail run LOG…` without a configuration: the shipped packs, the user's state directory, the terminal,
// or the robot that the environment names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "integration/host.h"

namespace dingtail::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kOom =
    "Nov 21 10:00:00 web kernel: [1.0] Out of memory: Killed process 4242 (java) total-vm:1kB, "
    "anon-rss:2kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0\n";

class NoConfiguration : public Host {
 protected:
  NoConfiguration() {
    environment_["XDG_STATE_HOME"] = file("xdg");
    append("");
  }
};

TEST_F(NoConfiguration, MessagesOfTheShippedPacksArePrinted) {
  launch({"run", log()});
  ASSERT_TRUE(wait_until_ready()) << agent().err();
  append(kOom);
  EXPECT_TRUE(test::eventually([&] { return agent().out().find("java") != std::string::npos; }));
  EXPECT_THAT(agent().out(), AllOf(HasSubstr("CRITICAL"), HasSubstr("kernel-oom")));
  EXPECT_TRUE(std::filesystem::exists(file("xdg/dingtail/state.db")) ||
              !std::filesystem::is_empty(file("xdg/dingtail")));
  stop();
}

TEST_F(NoConfiguration, TheStateIsKeptInTheUsersDirectory) {
  launch({"run", log()});
  ASSERT_TRUE(wait_until_ready());
  stop();
  append(kOom);
  launch({"run", log()});
  ASSERT_TRUE(wait_until_ready());
  EXPECT_TRUE(test::eventually([&] { return agent().out().find("java") != std::string::npos; }));
}

TEST_F(NoConfiguration, TheEnvironmentsRobotGetsTheMessages) {
  // The environment has no ca_file: the robot must be trusted by the system, or be on loopback in the clear.
  std::string text;
  std::mutex mutex;
  sandbox::RobotOptions robot;
  robot.secret = base::Secret(kSecret);
  auto server = sandbox::Server::start({}, robot, [&](const sandbox::Received& received) {
    const std::scoped_lock lock(mutex);
    if (received.verdict.accepted()) text = received.verdict.posted.text;
  });
  ASSERT_TRUE(server);
  environment_["DINGTALK_WEBHOOK"] = (*server)->url();
  environment_["DINGTALK_SECRET"] = kSecret;
  launch({"run", log()});
  ASSERT_TRUE(wait_until_ready());
  append(kOom);
  EXPECT_TRUE(test::eventually([&] {
    const std::scoped_lock lock(mutex);
    return text.find("java") != std::string::npos;
  }));
  EXPECT_EQ(agent().out(), "");
}

TEST_F(NoConfiguration, WithoutALogEitherItIsWrongUsage) {
  const auto answer = dingtail({"run"});
  if (std::filesystem::exists("/etc/dingtail/dingtail.toml")) GTEST_SKIP() << "this host has a configuration";
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.err, HasSubstr("dingtail run LOG"));
}

}  // namespace
}  // namespace dingtail::integration
