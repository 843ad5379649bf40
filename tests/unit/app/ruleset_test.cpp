#include "app/ruleset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_text.h"

namespace dingtail::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> problems(const std::string& text) {
  config::Problems found;
  compile(test::rules_of(text), found);
  return test::brief(found);
}

constexpr const char* kSources =
    "[[source]]\nname='web'\npaths=['/x']\npath_labels='(?P<site>.)'\n"
    "[[source]]\nname='app'\npaths=['/y']\nmultiline={start='^x'}\n";  // 8 lines

TEST(RuleSet, PatternsOfSourcesAreCheckedToo) {
  EXPECT_THAT(
      problems("[[source]]\nname='a'\npaths=['/x']\npath_labels='('\nmultiline={start='['}\n"),
      ElementsAre(StartsWith("4:13: error: bad pattern: "), StartsWith("5:18: error: bad pattern: ")));
}

TEST(RuleSet, LineStartsStandBySource) {
  config::Problems found;
  const auto rules = compile(test::rules_of(kSources), found);
  ASSERT_EQ(rules->line_starts.size(), 2U);
  EXPECT_FALSE(rules->line_starts[0]);
  EXPECT_TRUE(rules->line_starts[1]("x"));
}

TEST(RuleSet, TemplatesKnowTheLabelsOfTheirSourcesPaths) {
  const std::string rule = "[[rule]]\nname='r'\nmatch='x'\nsummary='${labels.site}'\n";
  EXPECT_THAT(problems(kSources + rule), IsEmpty());
  EXPECT_THAT(problems(kSources + rule + "sources='app'\n"),
              ElementsAre("12:12: error: unknown variable ${labels.site}"));
  EXPECT_THAT(problems(kSources + rule + "sources='elsewhere'\n"),
              ElementsAre("12:12: warning: unknown variable ${labels.site}"))
      << "a source that this host lacks may have it";
}

}  // namespace
}  // namespace dingtail::app
