#include "tail/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tail/block.h"

// The bytes expected here were written by hand from the encodings' tables, and compared with iconv(1).
namespace dingtail::tail {
namespace {

using testing::ElementsAre;
using namespace std::string_literals;

constexpr std::string_view kReplaced = "\xEF\xBF\xBD";

class DecoderTest : public testing::Test {
 protected:
  void encodings(const std::vector<std::string>& names, std::size_t max_record = 1000) {
    auto made = Decoder::make(names, max_record);
    ASSERT_TRUE(made) << made.error().what;
    decoder.emplace(std::move(*made));
    form = decoder->form_of("");
  }
  std::string decode(const std::string& lines, std::uint64_t offset = 1000) {
    return std::string(decoder->decode(lines, offset, form));
  }
  // As from the beginning of a file.
  std::string decode_file(const std::string& content) {
    form = decoder->form_of(std::string_view(content).substr(0, Decoder::kFirstBytes));
    return decode(content, 0);
  }

  std::optional<Decoder> decoder;
  Form form;
};

TEST_F(DecoderTest, ValidUtf8PassesThroughUncopied) {
  encodings({"utf-8", "gb18030"});
  const std::string lines = "plain\n中文 ok\r\nnul \0 too\n"s;
  const auto out = decoder->decode(lines, 5, form);
  EXPECT_EQ(out, lines);
  EXPECT_EQ(out.data(), lines.data());
}

TEST_F(DecoderTest, AsciiPassesThroughUncopiedWhereTheEncodingExtendsIt) {
  encodings({"gb18030"});
  const std::string lines = "plain\r\n";
  EXPECT_EQ(decoder->decode(lines, 5, form).data(), lines.data());
}

TEST_F(DecoderTest, InvalidBytesAreReplacedOneByOne) {
  encodings({"utf-8"});
  EXPECT_EQ(decode("user \xFF\xFE failed\nnext\n"), "user \xEF\xBF\xBD\xEF\xBF\xBD failed\nnext\n");
  EXPECT_EQ(decode("\xC0\xAF \xED\xA0\x80\n"),
            "\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n")
      << "overlong, surrogate";
}

TEST_F(DecoderTest, EachLineIsReadInTheFirstEncodingThatFitsAllOfIt) {
  encodings({"utf-8", "gb18030"});
  EXPECT_EQ(decode("\xE4\xB8\xAD\xE6\x96\x87\n"         // 中文 in UTF-8
                   "\xD6\xD0\xCE\xC4\n"                 // 中文 in GB18030
                   "\x94\x39\xFC\x36 ascii\r\n"         // U+1F600 in GB18030's four bytes
                   "\xC3\xA9\n"                         // é in UTF-8, 茅 in GB18030
                   "\xD6\xD0 \xFF\n"                    // in neither
                   "\xB5\xC7\xC2\xBC\xCA\xA7\xB0\xDC"s  // 登录失败, its newline not there
                   ),
            "中文\n中文\n😀 ascii\r\né\n\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\n登录失败");
}

TEST_F(DecoderTest, TheOrderOfTheListDecides) {
  encodings({"gb18030", "utf-8"});
  EXPECT_EQ(decode("\xC3\xA9\n"), "茅\n");
  EXPECT_EQ(decode("\xC3\xA9\xFF\xD6\xD0\n"), "茅\xEF\xBF\xBD中\n") << "in neither: the first";
}

TEST_F(DecoderTest, Latin1ReadsEverything) {
  encodings({"utf-8", "iso-8859-1"});
  EXPECT_EQ(decode("\xFF\xE9\n"), "ÿé\n");
}

TEST_F(DecoderTest, AStateOfAnEncodingEndsWithItsLine) {
  encodings({"iso-2022-jp"});
  EXPECT_EQ(decode("\x1B$B$\"\nA\n"), "あ\nA\n") << "the first line never returns to ASCII";
}

TEST_F(DecoderTest, ALineIsCutAtTheLimitBetweenCharacters) {
  encodings({"utf-8", "gb18030"}, 4);
  EXPECT_EQ(decode("中文\nabcd\nabcde\n"), "中\nabcd\nabcd\n");
  EXPECT_EQ(decode("a\xD6\xD0\xCE\xC4\n"), "a中\n") << "half of 文 does not make the line invalid";
}

TEST_F(DecoderTest, ALineLongerThanTheLimitMayComeWithoutItsNewline) {
  encodings({"utf-8", "gb18030"}, 4);
  EXPECT_EQ(decode("中文"), "中");
  EXPECT_EQ(decode("abc\xE4\xB8"), "abc");
}

TEST_F(DecoderTest, APartialLastLineMayEndWithinACharacter) {
  encodings({"utf-8", "gb18030"});
  EXPECT_EQ(decode("ok\nend \xE4\xB8"), "ok\nend ");
  EXPECT_EQ(decode("end \xF0\x9F\x98"), "end ");
  EXPECT_EQ(decode("end \xD6\xD0\xCE"), "end 中");
  EXPECT_EQ(decode("\xE4\xB8\n"), "涓\n") << "a complete line may not";
}

TEST_F(DecoderTest, Utf16IsReadInBothByteOrders) {
  encodings({"utf-16le"});
  EXPECT_EQ(decode("a\0\x2D\x4E\r\0\n\0\n\x01\n\0"s), "a中\r\n\xC4\x8A\n") << "U+010A is no newline";
  encodings({"utf-16be"});
  EXPECT_EQ(decode("\0a\x4E\x2D\0\n\x0A\x0A\0\n"s), "a中\n\xE0\xA8\x8A\n") << "nor is U+0A0A";
}

TEST_F(DecoderTest, ALoneSurrogateInUtf16IsReplacedAndTheLineGoesOn) {
  encodings({"utf-16le"});
  EXPECT_EQ(decode("a\0\x00\xDC"
                   "b\0\n\0"s),
            "a\xEF\xBF\xBD"
            "b\n");
  EXPECT_EQ(decode("a\0\x3D\xD8"s), "a") << "half a pair at the end of a partial line";
}

TEST_F(DecoderTest, Utf32IsRead) {
  encodings({"utf-32"});
  EXPECT_EQ(decode("\x2D\x4E\0\0\n\0\0\0"s), "中\n");
  EXPECT_EQ(decode("\0\0\x11\0\n\0\0\0"s), std::string(kReplaced) + "\n") << "beyond U+10FFFF";
}

TEST_F(DecoderTest, WhatComesOutIsUtf8EvenWhereIconvMakesMoreOfIt) {
  encodings({"ucs-4le"});
  const auto out = decode("\0\0\x20\0a\0\0\0\n\0\0\0"s);
  EXPECT_THAT(out, testing::StartsWith(std::string(kReplaced)));
  EXPECT_THAT(out, testing::EndsWith("a\n"));
}

TEST_F(DecoderTest, ANameWithoutByteOrderLeavesItToTheMark) {
  encodings({"utf-16"});
  EXPECT_EQ(decode("a\0\n\0"s), "a\n") << "little-endian without one";
  EXPECT_EQ(decode_file("\xFF\xFE"
                        "a\0\n\0"s),
            "a\n");
  EXPECT_EQ(decode_file("\xFE\xFF\0a\0\n"s), "a\n");
  EXPECT_EQ(form.not_expected, "");
  EXPECT_EQ(decode("\0b\0\n"s, 6), "b\n") << "further on in the same file";
}

TEST_F(DecoderTest, AByteOrderMarkIsNoPartOfTheFirstLine) {
  encodings({"utf-8"});
  EXPECT_EQ(decode_file("\xEF\xBB\xBF"
                        "first\n"),
            "first\n");
  EXPECT_EQ(form.not_expected, "");
  EXPECT_EQ(decode("\xBB\xBF"
                   "first\n",
                   1),
            "first\n")
      << "nor what is left of it";
  EXPECT_EQ(decode("\xEF\xBB\xBFsecond\n", 9), "\xEF\xBB\xBFsecond\n") << "only at the file's beginning";
}

TEST_F(DecoderTest, AFileMarkedAsUtf8IsUtf8WhateverItsSourceSays) {
  encodings({"gb18030"});
  EXPECT_EQ(decode_file("\xEF\xBB\xBF\xC3\xA9\n"), "é\n");
  EXPECT_EQ(decode("\xD6\xD0\n"), "中\n") << "but for lines that aren't";
  EXPECT_EQ(decode_file("\xC3\xA9\n"), "茅\n") << "and another file isn't";
}

TEST_F(DecoderTest, AFileMarkedAsUtf16IsReadAsSuchAndSaysSo) {
  encodings({"utf-8", "gb18030"});
  EXPECT_EQ(decode_file("\xFF\xFE"
                        "a\0\n\0"s),
            "a\n");
  EXPECT_EQ(form.not_expected, "UTF-16LE");
  EXPECT_EQ(form.lines.newline, Newline("\n\0"s));
  EXPECT_EQ(decode_file("a\n"), "a\n");
  EXPECT_EQ(form.not_expected, "");
}

TEST_F(DecoderTest, AFilesFormStandsBeforeItsFirstLineEnds) {
  encodings({"utf-8"});
  for (const auto& content : {"\xFF\xFE\n\0"s, "\xFE\xFF\0\n"s, "\xFF\xFE\0\0\n\0\0\0"s,
                              "\0\0\xFE\xFF\0\0\0\n"s, "\xEF\xBB\xBF\n"s}) {
    const auto whole = decoder->form_of(std::string_view(content).substr(0, Decoder::kFirstBytes));
    for (std::size_t size = 0; size < content.size(); ++size) {
      const std::string_view seen(content.data(), size);
      const auto early = decoder->form_of(seen.substr(0, Decoder::kFirstBytes));
      EXPECT_EQ(early.lines.newline.find(seen, 0), std::string_view::npos)
          << testing::PrintToString(content) << " after " << size;
    }
    EXPECT_EQ(whole.lines.newline.find(content, 0) + whole.lines.newline.size(), content.size());
  }
}

TEST_F(DecoderTest, AnotherNewlineInTheListIsForFilesThatAreMarked) {
  encodings({"utf-8", "utf-16le"});
  EXPECT_EQ(decode("\xD6\xD0\xD6\xD0\n"),
            std::string(kReplaced) + kReplaced.data() + kReplaced.data() + kReplaced.data() + "\n")
      << "four bytes would do for UTF-16";
  EXPECT_EQ(decode_file("\xFF\xFE\x2D\x4E\n\0"s), "中\n");
  EXPECT_EQ(form.not_expected, "");
}

TEST_F(DecoderTest, RecordsOfADecodedBlockHaveNoLineEnds) {
  encodings({"utf-16le"});
  const auto decoded = decode("a\0\r\0\n\0\n\0b\0\r\0c\0\n\0"s);
  std::vector<std::string> records;
  for_each_record({decoded, "f", "s"}, [&](std::string_view record) { records.emplace_back(record); });
  EXPECT_THAT(records, ElementsAre("a", "", "b\rc"));
}

TEST(Decoder, AnUnknownEncodingIsAnError) {
  const auto made = Decoder::make({"utf-8", "klingon"}, 1);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().what, "there is no encoding \"klingon\"");
}

}  // namespace
}  // namespace dingtail::tail
