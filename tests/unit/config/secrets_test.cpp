// Who may read or write what holds a secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/load_text.h"

namespace dingtail::config {
namespace {

namespace fs = std::filesystem;
using test::brief;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kLiteral =
    "[[target]]\nname='t'\ntype='dingtalk'\nwebhook='https://h/robot/send?access_token=planted'\n";
constexpr const char* kNamed =
    "[[target]]\nname='t'\ntype='dingtalk'\nwebhook='https://h/robot/send?access_token=${file:token}'\n";

std::vector<std::string> problems_of(const std::string& text, unsigned config_mode, unsigned token_mode) {
  const test::TempDir dir;
  const auto main = dir.write("dingtail.toml", text);
  const auto token = dir.write("token", "planted\n");
  fs::permissions(main, fs::perms(config_mode));
  fs::permissions(token, fs::perms(token_mode));
  auto out = brief(load({main, {}, UnsetSecret::kError}).problems);
  for (const auto& problem : out) EXPECT_THAT(problem, testing::Not(HasSubstr("planted")));
  return out;
}

TEST(SecretsInFiles, ThatOnlyOwnerAndGroupMayReadAreFine) {
  for (const unsigned mode : {0400U, 0440U, 0600U, 0640U, 0660U}) {
    EXPECT_THAT(problems_of(kLiteral, mode, 0600), IsEmpty()) << std::oct << mode;
    EXPECT_THAT(problems_of(kNamed, 0600, mode), IsEmpty()) << std::oct << mode;
  }
}

TEST(SecretsInFiles, ThatOthersMayReadOrWriteAreWarnedOf) {
  for (const unsigned mode : {0604U, 0644U, 0444U}) {
    EXPECT_THAT(problems_of(kLiteral, mode, 0600),
                ElementsAre("4:9: warning: a secret stands in a file that others may read or write"));
    EXPECT_THAT(problems_of(kNamed, 0600, mode),
                ElementsAre(testing::AllOf(HasSubstr("4:9: warning: others may read or write /"),
                                           HasSubstr("/token, which holds a secret"))));
  }
  for (const unsigned mode : {0602U, 0606U, 0666U}) {
    EXPECT_THAT(problems_of(kNamed, 0600, mode), ElementsAre(HasSubstr("/token, which holds a secret")));
    EXPECT_THAT(problems_of(kLiteral, mode, 0600),
                ElementsAre(HasSubstr("others may write this file"), HasSubstr("a secret stands in")));
  }
}

TEST(SecretsInFiles, AProxysPasswordIsOne) {
  const std::string target = "proxy='http://";
  EXPECT_THAT(problems_of(kNamed + target + "u:planted@proxy:3128'\n", 0644, 0600),
              ElementsAre("5:7: warning: a secret stands in a file that others may read or write"));
  EXPECT_THAT(problems_of(kNamed + target + "u:planted@proxy:3128'\n", 0640, 0600), IsEmpty());
  for (const char* no_password : {"proxy:3128", "u@proxy", "u:${env:PATH}@proxy"})
    EXPECT_THAT(problems_of(kNamed + target + no_password + "'\n", 0644, 0600), IsEmpty()) << no_password;
  EXPECT_THAT(problems_of(std::string(kLiteral) + target + "u:${file:token}@proxy'\n", 0600, 0644),
              ElementsAre(HasSubstr("/token, which holds a secret")));
}

TEST(SecretsInFiles, ThatTheConfigurationOnlyNamesMayBeReadWithIt) {
  EXPECT_THAT(problems_of(kNamed, 0644, 0600), IsEmpty());
  EXPECT_THAT(problems_of(kNamed, 0666, 0600), ElementsAre(HasSubstr("others may write this file")));
}

}  // namespace
}  // namespace dingtail::config
