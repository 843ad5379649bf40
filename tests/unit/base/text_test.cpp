#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace dingtail::base {
namespace {

TEST(Utf8, WellFormedTextIsRecognised) {
  for (const auto* text : {"", "plain", "告警", "\xF0\x9F\x94\xB4", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, OverlongSurrogateTruncatedAndTooLargeAreNot) {
  for (const auto* text :
       {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xE5\x91", "\xF4\x90\x80\x80", "\xFF", "a\x80z"})
    EXPECT_FALSE(is_utf8(text));
}

TEST(Utf8, EachBrokenByteBecomesOneReplacementCharacter) {
  EXPECT_EQ(to_utf8("a\xFF\xFE"
                    "b"),
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(to_utf8("\xE5\x91"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(to_utf8("告警"), "告警");
}

TEST(Utf8, APrefixEndsBetweenCharacters) {
  EXPECT_EQ(utf8_prefix("告警", 6), "告警");
  EXPECT_EQ(utf8_prefix("告警", 5), "告");
  EXPECT_EQ(utf8_prefix("告警", 3), "告");
  EXPECT_EQ(utf8_prefix("告警", 2), "");
}

TEST(Nearest, FindsWhatWasMeantAndNothingFarOff) {
  constexpr std::array<std::string_view, 3> kKeys = {"match", "summary", "severity"};
  EXPECT_EQ(nearest("mach", kKeys), "match");
  EXPECT_EQ(nearest("sumary", kKeys), "summary");
  EXPECT_EQ(nearest("amtch", kKeys), "match") << "two letters swapped";
  EXPECT_EQ(nearest("zebra", kKeys), std::nullopt);
}

TEST(Size, TakesBinaryUnits) {
  EXPECT_EQ(parse_size("64KiB"), 65'536U);
  EXPECT_EQ(parse_size("20MiB"), 20U << 20);
  EXPECT_EQ(parse_size("512"), 512U);
  for (const auto* text : {"", "KiB", "64KB", "-1", "64 KiB", "99999999999GiB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

}  // namespace
}  // namespace dingtail::base
