#include "format/words.h"

#include <gtest/gtest.h>

namespace dingtail::format {
namespace {

using config::Language;

TEST(Words, SayNumbersInBothLanguages) {
  EXPECT_EQ(say(Word::kMoreHits, Language::kEnglish, 1), "and 1 more hit");
  EXPECT_EQ(say(Word::kMoreHits, Language::kEnglish, 1284), "and 1,284 more hits");
  EXPECT_EQ(say(Word::kMoreHits, Language::kChinese, 1), "另有 1 条");
  EXPECT_EQ(say(Word::kMoreLines, Language::kChinese, 12), "… 另有 12 行");
}

TEST(Words, NameSeveritiesInBothLanguages) {
  EXPECT_EQ(say(word_for(config::Severity::kInfo), Language::kChinese), "提示");
  EXPECT_EQ(say(word_for(config::Severity::kWarning), Language::kChinese), "警告");
  EXPECT_EQ(say(word_for(config::Severity::kError), Language::kChinese), "错误");
  EXPECT_EQ(say(word_for(config::Severity::kCritical), Language::kEnglish), "CRITICAL");
}

TEST(Words, GroupNumbersByThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(18446744073709551615ULL), "18,446,744,073,709,551,615");
}

TEST(Words, TellEveryTroubleThatTheTargetsHearOfInBothLanguages) {
  base::Log log([](base::Level, std::string_view) {});
  int heard = 0;
  for (int i = 0; i <= static_cast<int>(base::Event::kControlFailed); ++i) {
    const auto event = static_cast<base::Event>(i);
    log.say(event, "subject", "detail");
    if (log.take_told().empty() && event != base::Event::kRecordsLost) continue;
    ++heard;
    EXPECT_NE(say(event, Language::kEnglish), base::name_of(event));
    EXPECT_NE(say(event, Language::kChinese), say(event, Language::kEnglish)) << base::name_of(event);
  }
  EXPECT_GE(heard, 6);
}

}  // namespace
}  // namespace dingtail::format
