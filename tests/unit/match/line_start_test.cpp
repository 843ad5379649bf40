#include "match/line_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_text.h"

namespace dingtail::match {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

constexpr const char* kSources =
    "[[source]]\nname='plain'\npaths=['/a']\n"
    "[[source]]\nname='dated'\npaths=['/b']\nmultiline={start='^\\d{4}-\\d\\d'}\n"
    "[[source]]\nname='java'\npaths=['/c']\nmultiline={preset='java'}\n";

TEST(LineStart, IsThereBySourceWhereItHasAPattern) {
  config::Problems problems;
  const auto starts = compile_line_starts(test::rules_of(kSources).sources, problems);
  EXPECT_THAT(test::brief(problems), testing::IsEmpty());
  ASSERT_EQ(starts.size(), 3U);
  EXPECT_FALSE(starts[0]);
  EXPECT_TRUE(starts[1]("2026-11-22 error"));
  EXPECT_FALSE(starts[1]("\tat com.example.Main 2026-11"));
  EXPECT_FALSE(starts[1](""));
  EXPECT_FALSE(starts[2]);
}

TEST(LineStart, OutlivesTheSetItCameFrom) {
  config::Problems problems;
  tail::Multiline::LineStarts kept;
  {
    const auto starts = compile_line_starts(test::rules_of(kSources).sources, problems);
    kept = starts[1];
  }
  EXPECT_TRUE(kept("2026-11-22"));
  EXPECT_FALSE(kept("x 2026-11-22"));
}

TEST(LineStart, ABadPatternIsAProblemAtItsPlace) {
  config::Problems problems;
  compile_line_starts(
      test::rules_of("[[source]]\nname='a'\npaths=['/a']\nmultiline={max_lines=3,start='(?=x)'}\n").sources,
      problems);
  EXPECT_THAT(test::brief(problems), ElementsAre(StartsWith("4:30: error: bad pattern: ")));
}

}  // namespace
}  // namespace dingtail::match
