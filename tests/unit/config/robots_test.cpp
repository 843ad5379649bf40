// Pools of robots, and what limits the outbox.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/load_text.h"

namespace dingtail::config {
namespace {

using test::brief;
using test::load_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Robots : public testing::Test {
 protected:
  Loaded load(const std::string& keys) {
    return load_text(dir, "[[target]]\nname='ops'\ntype='dingtalk'\n" + keys);
  }

  test::TempDir dir;
};

constexpr const char* kUrl = "https://h/robot/send?access_token=";

std::string robot(const std::string& token, const std::string& more = "") {
  return "{webhook='" + std::string(kUrl) + token + "'" + more + "}";
}

TEST_F(Robots, OneIsATargetsOwn) {
  const auto loaded = load("webhook='" + std::string(kUrl) + "${env:HOME}'\nkeywords=['x']\n");
  EXPECT_THAT(brief(loaded.problems), IsEmpty());
  const auto& robots = loaded.config.targets.at(0).robots;
  ASSERT_EQ(robots.size(), 1U);
  EXPECT_TRUE(robots[0].secret.empty());
  EXPECT_THAT(robots[0].keywords, ElementsAre("x"));
}

TEST_F(Robots, APoolHasEachWithItsOwnSecretAndKeywords) {
  for (const auto& [name, text] : {std::pair("a", "A"), {"b", "B"}})
    std::filesystem::permissions(dir.write(name, text), std::filesystem::perms(0600));
  const auto loaded = load("robots=[" + robot("${file:a}", ", secret='${file:b}'") + ", " +
                           robot("${file:b}", ", keywords=['x', 'y']") + "]\n");
  EXPECT_THAT(brief(loaded.problems), IsEmpty());
  const auto& robots = loaded.config.targets.at(0).robots;
  ASSERT_EQ(robots.size(), 2U);
  EXPECT_EQ(robots[0].webhook.reveal(), std::string(kUrl) + "A");
  EXPECT_EQ(robots[0].secret.reveal(), "B");
  EXPECT_EQ(robots[1].webhook.reveal(), std::string(kUrl) + "B");
  EXPECT_THAT(robots[1].keywords, ElementsAre("x", "y"));
}

TEST_F(Robots, EachMistakeOfAPoolIsTold) {
  const auto token = std::string("${env:HOME}");
  EXPECT_THAT(brief(load("robots=[]\n").problems), ElementsAre(HasSubstr("`robots` is empty")));
  EXPECT_THAT(brief(load("robots=[{secret='${env:HOME}'}]\n").problems), ElementsAre(HasSubstr("webhook")));
  EXPECT_THAT(brief(load("robots=[" + robot(token) + "," + robot(token) + "]\n").problems),
              ElementsAre(HasSubstr("`robots` has one robot twice")));
  EXPECT_THAT(brief(load("keywords=['x']\nrobots=[" + robot(token) + "]\n").problems),
              ElementsAre(HasSubstr("`keywords` stands beside `robots`")));
  EXPECT_THAT(brief(load("robots=[" + robot(token, ", secrets='x'") + "]\n").problems),
              ElementsAre(HasSubstr("unknown key `secrets`")));
  EXPECT_THAT(brief(load("robots=['https://h']\n").problems),
              ElementsAre(HasSubstr("`robots` is empty"), HasSubstr("must be a table")));
}

TEST_F(Robots, ALiteralSecretInAFileThatOthersMayReadIsWarnedOf) {
  EXPECT_THAT(brief(load("robots=[" + robot("literal") + "]\n").problems),
              ElementsAre(HasSubstr("warning: a secret stands in a file that others may read")));
}

TEST_F(Robots, TwoTargetsMayShareOne) {
  const auto target = "[[target]]\ntype='dingtalk'\nwebhook='" + std::string(kUrl) + "${env:HOME}'\nname=";
  EXPECT_THAT(brief(load_text(dir, target + "'a'\n" + target + "'b'\n").problems), IsEmpty());
}

TEST_F(Robots, OneIsTheSameHoweverItsAddressIsWritten) {
  const auto webhook = [&](const std::string& written) {
    const auto loaded = load("webhook='" + written + "'\n");
    return loaded.config.targets.at(0).robots.at(0).webhook.reveal();
  };
  const std::string rest = "/Robot/send?access_token=AbC";
  for (const auto* written :
       {"https://Oapi.DingTalk.com", "HTTPS://oapi.dingtalk.com:443", "https://oapi.dingtalk.com:0443"})
    EXPECT_EQ(webhook(written + rest), "https://oapi.dingtalk.com" + rest) << written;
  EXPECT_EQ(webhook("https://h" + rest + "#top"), "https://h" + rest) << "the signature is appended";
  EXPECT_EQ(webhook("http://LOCALHOST:80" + rest), "http://localhost" + rest);
  EXPECT_EQ(webhook("http://[::1]:443" + rest), "http://[::1]:443" + rest);
  EXPECT_EQ(webhook("https://h:8443" + rest), "https://h:8443" + rest);
}

TEST_F(Robots, TheOutboxHasALimit) {
  EXPECT_EQ(load_text(dir, "").config.limits.outbox_bytes, 64U << 20);
  EXPECT_EQ(load_text(dir, "[limits]\noutbox='2MiB'\n").config.limits.outbox_bytes, 2U << 20);
  EXPECT_THAT(brief(load_text(dir, "[limits]\noutbox='2KiB'\n").problems),
              ElementsAre(HasSubstr("`outbox` is less than 1MiB")));
  EXPECT_THAT(brief(load_text(dir, "[limits]\nstate_memory='2MiB'\n").problems),
              ElementsAre(HasSubstr("not built yet")));
}

}  // namespace
}  // namespace dingtail::config
