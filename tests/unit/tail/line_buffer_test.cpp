#include "tail/line_buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/growing_file.h"
#include "tail/block.h"

namespace dingtail::tail {
namespace {

using test::GrowingFile;
using namespace std::string_literals;

LineFormat lines_of(std::size_t max_record) {
  return {max_record, Newline()};
}

LineFormat utf16le(std::size_t max_record) {
  return {max_record, Newline("\n\0"s)};
}

// What next() hands out until the end of the file.
std::vector<std::string> drain(LineBuffer& buffer, const GrowingFile& file, Cursor& cursor,
                               const LineFormat& format, std::uint64_t* cut = nullptr) {
  std::vector<std::string> out;
  while (true) {
    const auto lines = buffer.next(file.reader(), cursor, format);
    EXPECT_TRUE(lines);
    if (!lines) return out;
    if (cut != nullptr) *cut += lines->bytes_cut;
    if (!lines->bytes.empty()) out.emplace_back(lines->bytes);
    if (lines->end_of_file) return out;
  }
}

TEST(LineBuffer, HandsOutOnlyCompleteLines) {
  LineBuffer buffer(64);
  GrowingFile file("one\ntwo");
  file.show_all();
  Cursor cursor;
  EXPECT_EQ(drain(buffer, file, cursor, lines_of(64)), std::vector<std::string>{"one\n"});
  EXPECT_EQ(cursor.position, 4U) << "a position never stands inside a partial line";
}

TEST(LineBuffer, TheRestIsARecordWhenAskedFor) {
  LineBuffer buffer(64);
  GrowingFile file("one\ntwo");
  file.show_all();
  Cursor cursor;
  drain(buffer, file, cursor, lines_of(64));
  const auto rest = buffer.rest(file.reader(), cursor, lines_of(64));
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->bytes, "two");
  EXPECT_EQ(rest->bytes_cut, 0U);
  EXPECT_EQ(cursor.position, 7U);
  EXPECT_TRUE(buffer.rest(file.reader(), cursor, lines_of(64))->bytes.empty()) << "once";
}

TEST(LineBuffer, ALineLongerThanTheBufferIsCutAndTheFileGoesOn) {
  LineBuffer buffer(17);
  GrowingFile file(std::string(1000, 'x') + "\nnext\n");
  file.show_all();
  Cursor cursor;
  std::uint64_t cut = 0;
  EXPECT_EQ(drain(buffer, file, cursor, lines_of(16), &cut),
            (std::vector<std::string>{std::string(17, 'x'), "next\n"}));
  EXPECT_EQ(cut, 1000U - 16);
  EXPECT_EQ(cursor.position, 1006U);
}

TEST(LineBuffer, BytesBeyondTheLimitAreCountedInEachWayThatALineCanArrive) {
  const std::string text = "123456\n1234\n12345\n";
  GrowingFile file(text);
  file.show_all();
  for (std::size_t capacity = 5; capacity <= text.size() + 1; ++capacity) {
    LineBuffer buffer(capacity);
    Cursor cursor;
    std::uint64_t cut = 0;
    drain(buffer, file, cursor, lines_of(4), &cut);
    EXPECT_EQ(cut, 2U + 1) << "with room for " << capacity;
  }
}

TEST(LineBuffer, ThePartialLineOfAnEndedFileIsCutAndCountedToo) {
  LineBuffer buffer(8);
  GrowingFile file(std::string(100, 'x'));
  file.show_all();
  Cursor cursor;
  const auto rest = buffer.rest(file.reader(), cursor, lines_of(4));
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->bytes, "xxxxx") << "one more than the limit: it shows that more was there";
  EXPECT_EQ(rest->bytes_cut, 96U);
  EXPECT_EQ(cursor.position, 100U);
}

TEST(LineBuffer, OtherBytesBeforeThePositionAreNoticedAndNothingIsTaken) {
  LineBuffer buffer(64);
  GrowingFile file("one\ntwo\n");
  file.show(4);
  Cursor cursor;
  drain(buffer, file, cursor, lines_of(64));
  GrowingFile other("ONE\ntwo\n");
  other.show_all();
  const auto before = cursor.position;
  const auto lines = buffer.next(other.reader(), cursor, lines_of(64));
  ASSERT_TRUE(lines);
  EXPECT_TRUE(lines->rewritten);
  EXPECT_TRUE(lines->bytes.empty());
  EXPECT_EQ(cursor.position, before);
}

// U+0A0D, U+010A and U+0A00 have a newline's bytes, over or beside the units' borders.
TEST(LineBuffer, OnlyAWholeUnitEndsALineInUtf16) {
  const std::string line = "\x0D\x0A\x0A\x01\0\x0A"s;
  GrowingFile file(line + "\n\0"s + "b\0\n\0"s);
  file.show_all();
  for (std::size_t capacity = line.size() + 2; capacity <= 16; ++capacity) {
    LineBuffer buffer(capacity);
    Cursor cursor;
    std::string all;
    for (const auto& part : drain(buffer, file, cursor, utf16le(16))) all += part;
    EXPECT_EQ(all, line + "\n\0b\0\n\0"s) << "with room for " << capacity;
    EXPECT_EQ(cursor.position, all.size());
  }
}

TEST(LineBuffer, ANewlineInUtf16ThatArrivesByteByByteIsSeen) {
  LineBuffer buffer(64);
  GrowingFile file("a\0\n\0"s);
  Cursor cursor;
  std::vector<std::string> out;
  for (std::size_t visible = 1; visible <= 4; ++visible) {
    file.show(visible);
    EXPECT_TRUE(out.empty());
    out = drain(buffer, file, cursor, utf16le(64));
    EXPECT_EQ(cursor.scanned_to, visible) << "what was looked at";
  }
  EXPECT_EQ(out, std::vector<std::string>{"a\0\n\0"s});
}

TEST(LineBuffer, TheLastNewlineIsFoundAlignedToTheFile) {
  const Newline newline("\0\n"s);  // big-endian
  const std::string bytes = "\0\n\n\0\n"s;
  EXPECT_EQ(newline.rfind(bytes, 0), 0U);
  EXPECT_EQ(newline.rfind(bytes, 1), 3U);
  EXPECT_EQ(newline.find(bytes, 1), 3U);
  EXPECT_EQ(newline.rfind("a\0"s, 0), std::string_view::npos);
  EXPECT_EQ(Newline("\n").rfind({}, 0), std::string_view::npos);
}

}  // namespace
}  // namespace dingtail::tail
