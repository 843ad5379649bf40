#include "config/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_text.h"

namespace dingtail::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// Of a source with these further keys, which begin at line 4.
Loaded source(const std::string& keys) {
  const test::TempDir dir;
  return test::load_text(dir, "[[source]]\nname = 's'\npaths = ['/x']\n" + keys);
}

std::vector<std::string> problems(const std::string& keys) {
  return test::brief(source(keys).problems);
}

std::string hint(const std::string& keys) {
  const auto all = source(keys).problems.sorted();
  return all.empty() ? "no problem" : all.front().hint;
}

TEST(ReadSource, SaysNothingOfLinesUnlessAsked) {
  const auto plain = source("").config.sources.at(0);
  EXPECT_THAT(plain.encoding, ElementsAre("utf-8"));
  EXPECT_FALSE(plain.multiline);
  EXPECT_EQ(plain.path_labels.value, "");
}

TEST(ReadSource, EncodingIsOneNameOrAListInTheirOrder) {
  EXPECT_THAT(source("encoding = 'GBK'\n").config.sources.at(0).encoding, ElementsAre("GBK"));
  EXPECT_THAT(source("encoding = ['utf-8', 'gb18030', 'UTF-16LE']\n").config.sources.at(0).encoding,
              ElementsAre("utf-8", "gb18030", "UTF-16LE"));
  EXPECT_THAT(problems("encoding = ['utf-8', 'gb18030', 'utf-16', 'big5', 'shift_jis']\n"), IsEmpty());
}

TEST(ReadSource, AnEncodingThatIconvLacksIsAnErrorWithTheOneMeant) {
  EXPECT_THAT(problems("encoding = ['utf-8', 'gb18031']\n"),
              ElementsAre("4:22: error: there is no encoding \"gb18031\""));
  EXPECT_EQ(hint("encoding = 'GB-18030'\n"), "did you mean \"gb18030\"?");
  EXPECT_EQ(hint("encoding = 'utf-16-le'\n"), "did you mean \"utf-16le\"?");
  EXPECT_EQ(hint("encoding = 'martian script'\n"), "`iconv -l` lists those of this host");
  EXPECT_THAT(problems("encoding = []\n"), ElementsAre("4:12: error: `encoding` in [[source]] is empty"));
  EXPECT_THAT(problems("encoding = 'utf-8//IGNORE'\n"),
              ElementsAre("4:12: error: there is no encoding \"utf-8//IGNORE\""));
}

TEST(ReadSource, MultilineByItsStart) {
  const auto multiline = source(R"(multiline = { start = '^\d{4} ${x}', max_lines = 7, timeout = "300ms" })")
                             .config.sources.at(0)
                             .multiline;
  ASSERT_TRUE(multiline);
  EXPECT_EQ(multiline->start.value, R"(^\d{4} ${x})") << "a pattern: nothing in it is expanded";
  EXPECT_EQ(multiline->start.place.line, 4U);
  EXPECT_EQ(multiline->start.place.column, 23U);
  EXPECT_EQ(multiline->preset, Multiline::Preset::kNone);
  EXPECT_EQ(multiline->max_lines, 7U);
  EXPECT_EQ(multiline->timeout, 300ms);
}

TEST(ReadSource, MultilineByALanguage) {
  using Preset = Multiline::Preset;
  const std::vector<std::pair<std::string, Preset>> presets = {
      {"java", Preset::kJava}, {"python", Preset::kPython}, {"go", Preset::kGo}};
  for (const auto& [word, preset] : presets) {
    const auto multiline = source("multiline = { preset = '" + word + "' }\n").config.sources.at(0).multiline;
    ASSERT_TRUE(multiline) << word;
    EXPECT_EQ(multiline->preset, preset);
    EXPECT_EQ(multiline->max_lines, 500U);
    EXPECT_EQ(multiline->timeout, 2s);
  }
}

TEST(ReadSource, MultilineWantsExactlyOneOfStartAndPreset) {
  EXPECT_THAT(problems("multiline = {}\n"),
              ElementsAre("4:13: error: `multiline` has neither `start` nor `preset`"));
  EXPECT_THAT(problems("multiline = { start = '^x', preset = 'go' }\n"),
              ElementsAre("4:38: error: `multiline` has both `start` and `preset`"));
}

TEST(ReadSource, MultilineMistakesAreToldAtTheirPlace) {
  EXPECT_THAT(problems("multiline = { start = '', max_lines = 0, timeout = '0s', tmeout = 1 }\n"),
              ElementsAre("4:23: error: `start` in `multiline` is empty",
                          "4:39: error: `max_lines` in `multiline` must lie between 1 and 100000",
                          "4:52: error: `timeout` in `multiline` must lie between 10ms and 1h",
                          "4:58: error: unknown key `tmeout` in `multiline`"));
  EXPECT_THAT(problems("multiline = { start = 5, timeout = 'soon' }\n"),
              ElementsAre("4:23: error: `start` in `multiline` must be a string, not an integer",
                          "4:36: error: `timeout`: \"soon\" is not a duration"));
  EXPECT_EQ(hint("multiline = { preset = 'jave' }\n"), "did you mean \"java\"?");
  EXPECT_THAT(problems("multiline = 'java'\n"),
              ElementsAre("4:13: error: `multiline` in [[source]] must be a table, not a string"));
}

TEST(ReadSource, PathLabelsAreAPatternAsWritten) {
  const auto labels = source("path_labels = '^/(?P<site>[^/]+)/${x}'\n").config.sources.at(0).path_labels;
  EXPECT_EQ(labels.value, "^/(?P<site>[^/]+)/${x}");
  EXPECT_EQ(labels.place.column, 15U);
  EXPECT_THAT(problems("path_labels = ''\n"),
              ElementsAre("4:15: error: `path_labels` in [[source]] is empty"));
}

TEST(ReadSource, APatternThatCanMatchNothingIsAnErrorWithItsRemedy) {
  EXPECT_THAT(problems("exclude = ['/x/[a.log', '/x/{a,b.log', '', '*a}*', '[!]/b]']\n"),
              ElementsAre("4:12: error: [ without its partner in a pattern in `exclude` of [[source]]",
                          "4:25: error: { without its partner in a pattern in `exclude` of [[source]]",
                          "4:40: error: an empty pattern in `exclude` of [[source]]",
                          "4:44: error: } without its partner in a pattern in `exclude` of [[source]]",
                          "4:52: error: [ without its partner in a pattern in `exclude` of [[source]]"));
  EXPECT_EQ(hint("exclude = '/x/{a'\n"), "complete [..] or {a,b}, or write [{] for the character itself");
  EXPECT_THAT(problems("exclude = ['[]a]', '[!]a]', '[[:alpha:]0-9]', '[{]{a,{b,[]}]}}', '[[]', 'a]']\n"),
              IsEmpty());
  const test::TempDir dir;
  EXPECT_THAT(test::brief(test::load_text(dir, "[[source]]\nname = 's'\npaths = ['/x', '']\n").problems),
              ElementsAre("3:16: error: an empty pattern in `paths` of [[source]]"));
}

TEST(ReadSource, ASourceOfTheJournalNeedsNoPaths) {
  const test::TempDir dir;
  EXPECT_THAT(test::brief(test::load_text(dir, "[[source]]\nname = 's'\njournal = {}\n").problems),
              ElementsAre("3:1: error: `journal` in [[source]] is not built yet"));
}

}  // namespace
}  // namespace dingtail::config
