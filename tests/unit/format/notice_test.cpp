#include "format/notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/json.h"
#include "hostile.h"
#include "inert.h"
#include "reported.h"

namespace dingtail::format {
namespace {

using base::Event;
using config::Language;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

const base::Now kNow{{}, at_clock(10, 32, 0)};

Trouble unreadable(const std::string& path) {
  return {Event::kFileUnreadable,
          path,
          {"Permission denied; it is read when that is mended"},
          0,
          0,
          at_clock(10, 31, 2),
          at_clock(10, 31, 4)};
}

Trouble refused() {
  return {Event::kReloadRefused,
          "",
          {"/etc/a.toml:4:9: error: bad pattern\n  hint: close it", "/etc/a.toml:7:1: error: no name"},
          3,
          0,
          at_clock(10, 31, 3),
          at_clock(10, 31, 3)};
}

Style style(Language language, std::vector<std::string> keywords = {}) {
  Style out;
  out.language = language;
  out.keywords = std::move(keywords);
  return out;
}

Message said(const std::vector<Trouble>& troubles, const Style& asked = {}) {
  use_china_time();
  return notice(troubles, "web-03", asked, kNow);
}

TEST(Notice, TellsWhenWhatAndOfWhichFile) {
  const auto out = said({unreadable("/var/log/a.log")});
  EXPECT_EQ(out.title, "[dingtail] web-03 file cannot be read");
  EXPECT_EQ(out.text, R"(#### ⚠️ dingtail · file cannot be read

**web-03**

- **Time**: 10:31:02–10:31:04 +08:00

**file-unreadable**

> /var/log/a.log  
> Permission denied; it is read when that is mended)");
  EXPECT_EQ(out.plain, R"(⚠️ dingtail · file cannot be read
  web-03
  Time: 10:31:02–10:31:04 +08:00
  file-unreadable
    /var/log/a.log
    Permission denied; it is read when that is mended)");
}

TEST(Notice, ListsTheFirstProblemsOfARefusedReloadAndCountsTheRest) {
  const auto out = said({refused()});
  EXPECT_THAT(out.text, HasSubstr("\n\n**reload-refused**\n\n> /etc/a.toml:4:9: error: bad pattern  \n"));
  EXPECT_THAT(out.text, EndsWith("hint: close it  \n> /etc/a.toml:7:1: error: no name  \n> *and 3 more*"));
  EXPECT_THAT(out.plain, EndsWith(R"(  reload-refused
    /etc/a.toml:4:9: error: bad pattern
      hint: close it
    /etc/a.toml:7:1: error: no name
    and 3 more)"));
}

TEST(Notice, SpeaksChinese) {
  const auto out = said({refused(), unreadable("/a"), unreadable("/b")}, style(Language::kChinese));
  EXPECT_EQ(out.title, "[dingtail] web-03 重载被拒绝 · 文件无法读取 ×2");
  EXPECT_THAT(out.text, HasSubstr("#### ⚠️ dingtail · 重载被拒绝 · 文件无法读取 ×2\n\n"));
  EXPECT_THAT(out.text, HasSubstr("- **时间**: 10:31:02–10:31:04 +08:00"));
  EXPECT_THAT(out.text, HasSubstr("> *另有 3 项*"));
}

TEST(Notice, CountsTheLostBytes) {
  Trouble lost{Event::kRecordsLost, "/a.log", {"truncated"}, 0, 1284, kNow.wall, kNow.wall};
  EXPECT_THAT(said({lost}).text, EndsWith("**records-lost**\n\n> /a.log · 1,284 bytes  \n> truncated"));
  lost.bytes = 0;  // unknown
  EXPECT_THAT(said({lost}).text, EndsWith("> /a.log  \n> truncated"));
}

TEST(Notice, CountsAStormAndShowsAFewOfEachEvent) {
  std::vector<Trouble> storm = {refused()};
  for (int i = 0; i < 10'000; ++i) storm.push_back(unreadable("/var/log/" + std::to_string(i)));
  const auto out = said(storm);
  EXPECT_EQ(out.title, "[dingtail] web-03 reload refused · file cannot be read ×10,000");
  EXPECT_THAT(out.text, HasSubstr("**reload-refused**"));
  EXPECT_THAT(out.text, HasSubstr("> /var/log/4  \n"));
  EXPECT_THAT(out.text, Not(HasSubstr("/var/log/5")));
  EXPECT_THAT(out.text, EndsWith("\n\nand 9,995 more"));
  EXPECT_THAT(out.plain, EndsWith("\n    and 9,995 more"));
}

TEST(Notice, HoldsAKeywordOnce) {
  EXPECT_THAT(said({unreadable("/a")}, style(Language::kEnglish, {"告警", "x9"})).text, EndsWith("\n\n告警"));
  EXPECT_THAT(said({unreadable("/告警")}, style(Language::kEnglish, {"告警"})).text,
              Not(EndsWith("\n\n告警")));
}

TEST(Notice, NamesAnEventThatHasNoWordsYet) {
  EXPECT_THAT(said({{Event::kFileGone, "/a", {}, 0, 0, kNow.wall, kNow.wall}}).title,
              "[dingtail] web-03 file-gone");
}

TEST(Notice, OfHostileTextHasTheNodesOfItsLayoutAndMentionsNobody) {
  for (const auto& attack : attacks()) {
    auto one = unreadable("/var/log/" + attack);
    one.details = {attack, "x\n" + attack};
    const auto out = notice({one}, "web-" + attack, {}, kNow);
    SCOPED_TRACE(out.text);
    auto parsed = parse_markdown(out.text);
    const std::map<std::string, int> exactly = {
        {"heading", 1}, {"list", 1}, {"item", 1}, {"strong", 3}, {"block_quote", 1}};
    for (const auto& [type, count] : exactly) EXPECT_EQ(parsed.nodes[type], count) << type;
    for (const char* never :
         {"link", "image", "code", "code_block", "html_block", "html_inline", "emph", "thematic_break"})
      EXPECT_EQ(parsed.nodes[never], 0) << never;
    EXPECT_FALSE(mentions(out.text));
    EXPECT_TRUE(out.at.mobiles.empty() && out.at.user_ids.empty() && !out.at.all);
  }
}

TEST(Notice, FitsARobotsLimitWhateverItTells) {
  std::vector<Trouble> all;
  const std::string much(3000, '"');
  for (const auto event : {Event::kReloadRefused, Event::kFileUnreadable, Event::kRecordsLost,
                           Event::kWatchFailed, Event::kTargetHeld, Event::kStateFailed})
    for (int i = 0; i < 9; ++i)
      all.push_back(
          {event, much, {much + "1", much + "2", much + "3", much + "4", much + "5"}, 7, 1, {}, {}});
  const auto out = said(all, style(Language::kEnglish, {"告警"}));
  EXPECT_LE(body_json(out, std::string(64, '0')).size(), 20'000U);
  EXPECT_THAT(out.text, HasSubstr("**state-failed**\n\nand 9 more"));
  EXPECT_THAT(out.text, EndsWith("\n\n告警"));
}

}  // namespace
}  // namespace dingtail::format
