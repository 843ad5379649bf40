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

// In a directory that is gone for as long as this lives.
class InADeletedDirectory {
 public:
  InADeletedDirectory() {
    const test::TempDir gone;
    std::filesystem::current_path(gone.path());
  }
  InADeletedDirectory(const InADeletedDirectory&) = delete;
  InADeletedDirectory& operator=(const InADeletedDirectory&) = delete;
  ~InADeletedDirectory() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
};

TEST(Include, ADeletedWorkingDirectoryHindersNothingThatIsNamedWhole) {
  const test::TempDir dir;
  const auto main = dir.write("dingtail.toml", "packs = ['kernel']\ninclude = ['rules/*.toml']\n");
  dir.write("rules/a.toml", "state_dir = 'st'\n");
  const InADeletedDirectory here;
  const auto loaded = load({main, {}, UnsetSecret::kError});
  EXPECT_THAT(brief(loaded.problems), IsEmpty());
  EXPECT_FALSE(loaded.config.rules.empty());
  EXPECT_EQ(loaded.config.state_dir, dir / "rules/st");
  EXPECT_FALSE(load_without_file("/x").config.rules.empty());
}

TEST(Include, InADeletedWorkingDirectoryARelativeNameIsAnError) {
  const InADeletedDirectory here;
  EXPECT_THAT(brief(load({"dingtail.toml", {}, UnsetSecret::kError}).problems),
              ElementsAre("1:1: error: cannot read dingtail.toml: open: No such file or directory"));
  Problems problems;
  EXPECT_THAT(command_line_source({"/a", "b"}, problems).paths, ElementsAre("/a"));
  EXPECT_THAT(brief(problems),
              ElementsAre(AllOf(HasSubstr("where b lies: "), HasSubstr("No such file or directory"))));
}

TEST(Include, ACandidateIsReadAsIfItStoodInThePlaceOfTheFileItReplaces) {
  const test::TempDir dir;
  dir.write("rules/a.toml", "[[rule]]\nname = 'a'\nmatch = 'x'\n");
  dir.write("keyword", "word");
  const auto text = "include = ['rules/*.toml']\nstate_dir = 'st'\n[labels]\nl = '${file:keyword}'\n";
  const auto main = dir.write("dingtail.toml", text);
  const auto candidate =
      dir.write("new/dingtail.toml", std::string(text) + "[[source]]\nname='s'\npaths=['p']\n");
  const auto loaded = load({main, {candidate}, UnsetSecret::kError});
  EXPECT_THAT(brief(loaded.problems), IsEmpty());
  EXPECT_EQ(loaded.config.rules.size(), 1U);
  EXPECT_EQ(loaded.config.state_dir, dir / "st");
  EXPECT_EQ(loaded.config.labels.at("l"), "word");
  ASSERT_EQ(loaded.config.sources.size(), 1U);
  EXPECT_THAT(loaded.config.sources[0].paths, ElementsAre(dir / "p"));
  EXPECT_EQ(loaded.config.sources[0].place.file, candidate);
}

}  // namespace
}  // namespace dingtail::config
