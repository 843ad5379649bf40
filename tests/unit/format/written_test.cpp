#include "format/written.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/json.h"

namespace dingtail::format {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::size_t bytes_of(const Message& message) {
  return body_json(message, std::string(64, 'u')).size();
}

TEST(Written, StandsAsItIsUnderItsFirstLine) {
  const auto out = written("#### deploy done\n\n- [notes](https://wiki.example)", {});
  EXPECT_EQ(out.title, "#### deploy done");
  EXPECT_EQ(out.text, "#### deploy done\n\n- [notes](https://wiki.example)");
}

// DingTalk refuses an empty title: 400402.
TEST(Written, HasATitleWhateverItBeginsWith) {
  EXPECT_EQ(written("\n \t\r\n  deploy done \r\nall well", {}).title, "deploy done");
  EXPECT_EQ(written(std::string(200, 'x'), {}).title, std::string(120, 'x') + "…");
}

TEST(Written, IsCutToWhatARobotTakesAndSaysHowMuchIsLeftOut) {
  Style style;
  style.keywords = {"告警"};
  for (const std::string character : {"x", "\"", "中", "\x01"}) {
    std::string words;
    while (words.size() < 30'000) words += character;
    const auto out = written(words, style);
    EXPECT_LE(bytes_of(out), 20'000U);
    EXPECT_GT(bytes_of(out), 19'900U);
    EXPECT_THAT(out.text, AllOf(StartsWith(character), EndsWith("\n\n告警")));
    const auto kept = out.text.find("\n\n… ");
    ASSERT_NE(kept, std::string::npos);
    EXPECT_EQ(kept % character.size(), 0U) << "between characters";
    const auto left_out = words.size() - kept;
    EXPECT_THAT(out.text, HasSubstr("\n\n… " + std::to_string(left_out / 1000) + "," +
                                    std::to_string(1000 + left_out % 1000).substr(1) + " more bytes\n\n"));
  }
  style.language = config::Language::kChinese;
  EXPECT_THAT(written(std::string(30'000, 'x'), style).text, HasSubstr(" 字节\n\n"));
}

TEST(Written, OfOneLongLineFitsThoughTheTitleTellsItToo) {
  const auto out = written(std::string(10'500, 'x'), {});
  EXPECT_LE(bytes_of(out), 20'000U);
  EXPECT_EQ(out.text, std::string(10'500, 'x'));
}

TEST(Written, HoldsAKeyword) {
  Style style;
  style.keywords = {"告警", "alert"};
  EXPECT_EQ(written("hello", style).text, "hello\n\n告警");
  EXPECT_THAT(written("no alert", style).text, Not(HasSubstr("告警")));
}

}  // namespace
}  // namespace dingtail::format
