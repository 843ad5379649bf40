#include "format/template.h"

#include <gtest/gtest.h>

#include <map>

namespace dingtail::format {
namespace {

using config::Problem;

const Names kNames{.captures = {"src", "user"}, .labels = {"env", "host", "team"}};

Template compiled(const std::string& text) {
  config::Problems problems;
  Template out = Template::compile({text, {"a.toml", 7, 11}}, kNames, problems);
  EXPECT_TRUE(problems.sorted().empty());
  return out;
}

std::vector<Problem> problems_of(const std::string& text, const Names& names = kNames) {
  config::Problems problems;
  (void)Template::compile({text, {"a.toml", 7, 11}}, names, problems);
  return problems.sorted();
}

std::optional<std::string> value(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> values = {
      {"src", "203.0.113.9"}, {"user", "*root*"}, {"labels.env", "prod"}, {"env:SITE", "hz"}, {"count", ""}};
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

TEST(Template, PutsValuesIntoItsOwnText) {
  const auto text = compiled("**Login** of ${user} from ${src} in ${labels.env}, ${env:SITE}");
  EXPECT_EQ(text.render(value, Escape::kPlain), "**Login** of *root* from 203.0.113.9 in prod, hz");
  EXPECT_EQ(text.render(value, Escape::kMarkdown), "**Login** of \\*root\\* from 203.0.113.9 in prod, hz");
}

TEST(Template, MakesNoMentionOfItsOwnAtAndAValue) {
  EXPECT_EQ(compiled("${src}@${labels.env} ops@x").render(value, Escape::kMarkdown),
            "203.0.113.9@\xE2\x80\x8Bprod ops@x");
}

TEST(Template, TakesTheDefaultWhereAValueIsAbsentOrEmpty) {
  EXPECT_EQ(compiled("${path:-no *path*}|${count:-none}|${src:-x}|${env:HOME:-/}|${id:-}|${line}")
                .render(value, Escape::kMarkdown),
            "no *path*|none|203.0.113.9|/||");
}

TEST(Template, ReadsTwoDollarsAsOneAndLeavesALoneOne) {
  EXPECT_EQ(compiled("$$ $${src} $5 $é $").render(value, Escape::kPlain), "$ ${src} $5 $é $");
}

TEST(Template, KnowsEveryVariableOfTheContract) {
  for (const char* name :
       {"rule", "severity", "event", "count", "total", "first", "last", "duration", "host", "path", "source",
        "line", "samples", "context", "id", "runbook", "labels.team", "src", "env:ANY_1"})
    EXPECT_TRUE(problems_of("${" + std::string(name) + "}").empty()) << name;
}

TEST(Template, TellsAnUnknownNameAtItsColumnWithTheNearestOne) {
  const auto problems = problems_of("${count} from ${usr} in ${labels.evn}");
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(print(problems[0]), "a.toml:7:28: error: unknown variable ${usr}\n  hint: did you mean ${user}?");
  EXPECT_EQ(print(problems[1]),
            "a.toml:7:38: error: unknown variable ${labels.evn}\n  hint: did you mean ${labels.env}?");
}

TEST(Template, CountsColumnsInCharacters) {
  const auto problems = problems_of("错误 ${nonsense_name}");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].place.column, 17U);  // quote at 11, two characters, a blank, "${"
  EXPECT_EQ(problems[0].hint, "the rule's captures are src, user");
}

TEST(Template, ListsNoCapturesWhereThereAreNone) {
  const auto problems = problems_of("${nonsense_name}", {});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].hint, "the rule's patterns have no named captures");
}

TEST(Template, PointsAtTheTextWhereItHasSeveralLines) {
  const auto problems = problems_of("one\n${nonsense_name}");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].place.column, 11U);
}

TEST(Template, TellsEveryUnclosedVariableAndGoesOn) {
  const auto problems = problems_of("${src and ${nonsense_name} and ${user");
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(print(problems[0]),
            "a.toml:7:12: error: unclosed ${\n  hint: write ${name}, or $$ for a dollar sign");
  EXPECT_EQ(problems[1].place.column, 24U);
  EXPECT_EQ(problems[2].place.column, 43U);
}

TEST(Template, RefusesNamesThatAreEmptyOrHalf) {
  for (const char* text : {"${}", "${:-x}", "${env:}", "${labels.}", "${labels}", "${ src }"})
    EXPECT_EQ(problems_of(text).size(), 1U) << text;
}

TEST(Template, WarnsOfACaptureThatItsOwnVariableHides) {
  const auto problems = problems_of("x ${path}", {.captures = {"path"}, .labels = {}});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].weight, config::Weight::kWarning);
  EXPECT_EQ(problems[0].place.column, 16U);
}

TEST(Template, KnowsWhatItUses) {
  const auto text = compiled("${src:-x} of $${user}");
  EXPECT_TRUE(text.uses("src"));
  EXPECT_FALSE(text.uses("user"));
}

}  // namespace
}  // namespace dingtail::format
