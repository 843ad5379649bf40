#include "format/escape.h"

#include <gtest/gtest.h>

#include "hostile.h"
#include "inert.h"

namespace dingtail::format {
namespace {

// Joins with text as a string does.
const std::string kStop(kBreak);

::testing::AssertionResult is_inert(std::string_view text) {
  const std::string markdown = escape_markdown(text);
  const std::string why = why_not_inert(text, markdown);
  if (why.empty()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << why << ": " << ::testing::PrintToString(markdown);
}

TEST(EscapeMarkdown, LeavesAnOrdinaryLineAsItIs) {
  for (const std::string line :
       {"Nov 21 10:00:01 h sshd(812): Failed password for root from 203.0.113.9 port 4 ssh2", "磁盘已满 97%",
        "10.0.0.1 - - \"GET / HTTP/1.1\" 500", "a - b + c = d # e", "3.14 is not an item",
        "{\"level\": \"error\"}"})
    EXPECT_EQ(escape_markdown(line), line);
}

TEST(EscapeMarkdown, BreaksWhatWouldMentionOrLink) {
  EXPECT_EQ(escape_markdown("@all"), "@" + kStop + "all");
  EXPECT_EQ(escape_markdown("＠13800000000@"), "＠" + kStop + "13800000000@" + kStop);
  EXPECT_EQ(escape_markdown("https://x.example"), "https:/" + kStop + "/x.example");
  EXPECT_EQ(escape_markdown("see WWW.x.example"), "see WWW" + kStop + ".x.example");
  EXPECT_EQ(escape_markdown("MailTo:a DINGTALK:b"), "MailTo" + kStop + ":a DINGTALK" + kStop + ":b");
  EXPECT_EQ(escape_markdown("![a](b)"), R"(!\[a\](b))");
}

TEST(EscapeMarkdown, EscapesWhatFormatsAnywhere) {
  EXPECT_EQ(escape_markdown(R"(_a_ *b* `c` ~d~ |e| \f)"), R"(\_a\_ \*b\* \`c\` \~d\~ \|e\| \\f)");
  EXPECT_EQ(escape_markdown("<b> & &lt;"), "&lt;b&gt; &amp; &amp;lt;");
}

TEST(EscapeMarkdown, EscapesBlockMarksAtTheStartAlone) {
  EXPECT_EQ(escape_markdown("# a # b"), "\\# a # b");
  EXPECT_EQ(escape_markdown("- a - b"), "\\- a - b");
  EXPECT_EQ(escape_markdown("+ a"), "\\+ a");
  EXPECT_EQ(escape_markdown("=== a"), "\\=== a");
  EXPECT_EQ(escape_markdown("12. a 3. b"), "12\\. a 3. b");
  EXPECT_EQ(escape_markdown("12) a"), "12\\) a");
  EXPECT_EQ(escape_markdown("a #"), "a \\#");  // would close a heading
  EXPECT_EQ(escape_markdown("#"), "\\#");
}

TEST(EscapeMarkdown, KeepsIndentationAndDropsBlanksAtTheEnd) {
  EXPECT_EQ(escape_markdown("\tat com.Main  "),
            "\xC2\xA0"
            "at com.Main");
  EXPECT_EQ(escape_markdown("    - a"), "\xC2\xA0\xC2\xA0\xC2\xA0\xC2\xA0\\- a");
  EXPECT_EQ(escape_markdown("\xC2\xA0 # a"), "\xC2\xA0\xC2\xA0\\# a");  // some renderers take it for a blank
  EXPECT_EQ(escape_markdown("  "), "");
}

TEST(EscapeMarkdown, ShowsWhatCannotBeSeen) {
  EXPECT_EQ(escape_markdown("\x1b[1m"), R"(\\x1b\[1m)");
  EXPECT_EQ(escape_markdown("@\xE2\x80\x8B"
                            "all"),
            "@" + kStop + R"(\\u200ball)");
}

TEST(EscapeMarkdown, MakesEveryKnownAttackInert) {
  for (const auto& attack : attacks()) EXPECT_TRUE(is_inert(attack));
}

TEST(EscapeMarkdown, MakesRandomAttacksInert) {
  Hostile hostile;
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(is_inert(hostile.text(12)));
}

TEST(Plain, ShowsControlBidiAndZeroWidthCharacters) {
  EXPECT_EQ(plain(std::string("a\0b\x1b\x7f", 5)), R"(a\x00b\x1b\x7f)");
  EXPECT_EQ(plain("\xC2\x85|\xC2\xAD|\xE2\x80\xAE|\xEF\xBB\xBF|\xF3\xA0\x80\x81"),
            R"(\x85|\xad|\u202e|\ufeff|\U000e0001)");
}

TEST(Plain, LeavesThreeAccentsOnACharacter) {
  EXPECT_EQ(plain("e\u0301\u0302\u0303\u0304\u0301f\u0301"), "e\u0301\u0302\u0303\\u0304\\u0301f\u0301");
}

TEST(Plain, IsOneLineOfUtf8AndElseAsWritten) {
  EXPECT_EQ(plain("a\nb\r\nc\td"), "a b  c d");
  EXPECT_EQ(plain("\xFF错\xE8\xAF"), "\xEF\xBF\xBD错\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(plain("*a* @all <b> 错误 🔥"), "*a* @all <b> 错误 🔥");
}

TEST(Brief, CutsOnACharacterAndSaysSo) {
  EXPECT_EQ(brief("abcdef", 6), "abcdef");
  EXPECT_EQ(brief("abcdefg", 6), "abcdef…");
  EXPECT_EQ(brief("错误错误", 7), "错误…");
  EXPECT_EQ(brief("\x1b\x1b", 4), "\\x1b…");
}

TEST(Foreign, HoldsNoCountThatLooksLikeOurs) {
  EXPECT_EQ(foreign("java killed ×1,051", 100), "java killed \\×1,051");
  EXPECT_EQ(foreign("disk · 12 alerts · 命中 999 次", 100), "disk \\· 12 alerts \\· 命中 999 次");
  EXPECT_EQ(foreign("ends in ×", 100), "ends in \\×") << "another value may begin with a number";
  EXPECT_EQ(foreign("\u2A2F9 \u0387 9 \u2027 9 \u2219 9 \u22C5 9", 100),
            "\\\u2A2F9 \\\u0387 9 \\\u2027 9 \\\u2219 9 \\\u22C5 9");
}

TEST(Foreign, IsElseBrief) {
  for (const char* text : {"", "a*b x9 3 hits - 12 alerts", "abcdefghijklm", "错误错误错误", "\x1b@all"})
    EXPECT_EQ(foreign(text, 10), brief(text, 10)) << text;
  EXPECT_EQ(foreign("××××××××", 10), "\\×\\×\\×\\…") << "of about as many bytes";
}

}  // namespace
}  // namespace dingtail::format
