#include "base/encoding.h"

#include <gtest/gtest.h>

namespace dingtail::base {
namespace {

using namespace std::string_literals;

TEST(Encoding, TheUsualNamesAreKnown) {
  for (const auto* name : {"utf-8", "UTF8", "gbk", "GB18030", "big5", "shift_jis", "euc-kr", "utf-16",
                           "utf-16le", "UTF-16BE", "utf-32", "iso-8859-1", "windows-1252", "koi8-r"})
    EXPECT_TRUE(is_encoding(name)) << name;
}

TEST(Encoding, OthersAndIconvsOwnWordsAreNot) {
  for (const auto* name : {"", "utf-9", "gbk//IGNORE", "gbk//TRANSLIT", "gbk,", " gbk", "/"})
    EXPECT_FALSE(is_encoding(name)) << name;
  EXPECT_FALSE(is_encoding("gbk\0"s));
}

TEST(Encoding, LinesMustHaveAnEnd) {
  EXPECT_FALSE(is_encoding("utf-7-imap")) << "it has no bytes of its own for a newline";
}

TEST(Encoding, ItsNewlineIsInItsOwnUnits) {
  EXPECT_EQ(Encoding::open("gb18030")->newline(), "\n");
  EXPECT_EQ(Encoding::open("iso-2022-kr")->newline(), "\n") << "it begins with a designation, no mark";
  EXPECT_EQ(Encoding::open("utf-16be")->newline(), "\0\n"s);
  EXPECT_EQ(Encoding::open("utf-16")->newline(), "\n\0"s);
  EXPECT_EQ(Encoding::open("utf-32be")->newline(), "\0\0\0\n"s);
  EXPECT_EQ(Encoding::open("ibm037")->newline(), "\x25") << "EBCDIC";
}

}  // namespace
}  // namespace dingtail::base
