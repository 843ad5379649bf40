// Which files make a configuration, and where what they name lies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "config/load.h"
#include "support/load_text.h"

namespace dingtail::config {
namespace {

using test::brief;
using test::load_text;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Include, ADirectoryOfIncludesThatCannotBeReadIsAnError) {
  const test::TempDir dir;
  std::filesystem::create_symlink("rules", dir / "rules");  // for root too
  const auto loaded = load_text(dir, "\ninclude = ['rules/*.toml']\n");
  EXPECT_TRUE(loaded.problems.failed());
  EXPECT_THAT(brief(loaded.problems),
              ElementsAre(AllOf(StartsWith("2:12: error: cannot look for "),
                                HasSubstr("rules/*.toml: Too many levels of symbolic links"))));
}

TEST(Include, AnIncludeThatMatchesNothingIsAWarningUnlessItsDirectoryWaitsForFiles) {
  const test::TempDir dir;
  std::filesystem::create_directory(dir / "empty");
  dir.write("rules/a.toml", "");
  const auto loaded = load_text(dir, "include = ['empty/*.toml',\n'rulez/*.toml',\n'rules/*.tml']\n");
  EXPECT_FALSE(loaded.problems.failed());
  EXPECT_THAT(brief(loaded.problems),
              ElementsAre(AllOf(StartsWith("2:1: warning: there is no file "), HasSubstr("rulez/*.toml")),
                          AllOf(StartsWith("3:1: warning: there is no file "), HasSubstr("rules/*.tml"))));
}

TEST(Include, AnIncludeMayHoldBraces) {
  const test::TempDir dir;
  for (const auto* name : {"a", "b", "c"})
    dir.write(std::string("rules/") + name + ".toml",
              std::string("[[rule]]\nname = '") + name + "'\nmatch = 'x'\n");
  const auto loaded = load_text(dir, "include = ['rules/{a,c}.toml']\n");
  EXPECT_THAT(brief(loaded.problems), IsEmpty());
  ASSERT_EQ(loaded.config.rules.size(), 2U);
  EXPECT_EQ(loaded.config.rules[1].name, "c");
}

}  // namespace
}  // namespace dingtail::config
