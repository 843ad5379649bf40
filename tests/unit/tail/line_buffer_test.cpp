#include "tail/line_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "tail/block.h"

namespace dingtail::tail {
namespace {

// A file in memory of which only the first `visible` bytes are written yet.
class GrowingFile {
 public:
  explicit GrowingFile(std::string text) : text_(std::move(text)) {}
  void show(std::size_t bytes) { visible_ = bytes; }
  ReadAt reader() {
    return [this](std::span<char> into, std::uint64_t offset) -> base::Result<std::size_t> {
      if (offset >= visible_) return std::size_t{0};
      const auto size = std::min(into.size(), visible_ - static_cast<std::size_t>(offset));
      std::memcpy(into.data(), text_.data() + offset, size);
      return size;
    };
  }

 private:
  std::string text_;
  std::size_t visible_ = 0;
};

void take(const Lines& lines, std::size_t max_record, std::vector<std::string>& records) {
  for_each_record({lines.bytes, "f", "s", max_record},
                  [&](std::string_view record) { records.emplace_back(record); });
}

void drain(LineBuffer& buffer, GrowingFile& file, Cursor& cursor, std::size_t max_record,
           std::vector<std::string>& records) {
  while (true) {
    const auto lines = buffer.next(file.reader(), cursor, max_record);
    ASSERT_TRUE(lines);
    take(*lines, max_record, records);
    if (lines->end_of_file) return;
  }
}

// The oracle: what a reader of the whole text, cut by hand, must see.
std::vector<std::string> records_of(const std::string& text, std::size_t max_record) {
  std::vector<std::string> out;
  std::string line;
  for (const char c : text) {
    if (c != '\n') {
      line += c;
      continue;
    }
    if (line.ends_with('\r')) line.pop_back();
    out.push_back(line.substr(0, max_record));
    line.clear();
  }
  return out;
}

TEST(LineBuffer, HandsOutOnlyCompleteLines) {
  LineBuffer buffer(64);
  GrowingFile file("one\ntwo");
  file.show(7);
  Cursor cursor;
  std::vector<std::string> records;
  drain(buffer, file, cursor, 64, records);
  EXPECT_EQ(records, std::vector<std::string>{"one"});
  EXPECT_EQ(cursor.position, 4U) << "a position never stands inside a partial line";
}

TEST(LineBuffer, TheRestIsARecordWhenAskedFor) {
  LineBuffer buffer(64);
  GrowingFile file("one\ntwo");
  file.show(7);
  Cursor cursor;
  std::vector<std::string> records;
  drain(buffer, file, cursor, 64, records);
  const auto rest = buffer.rest(file.reader(), cursor, 64);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->bytes, "two");
  EXPECT_EQ(cursor.position, 7U);
  EXPECT_TRUE(buffer.rest(file.reader(), cursor, 64)->bytes.empty()) << "once";
}

TEST(LineBuffer, ALineLongerThanTheBufferIsCutAndTheFileGoesOn) {
  LineBuffer buffer(17);
  const std::string text = std::string(1000, 'x') + "\nnext\n";
  GrowingFile file(text);
  file.show(text.size());
  Cursor cursor;
  std::vector<std::string> records;
  std::uint64_t cut = 0;
  while (true) {
    const auto lines = buffer.next(file.reader(), cursor, 16);
    ASSERT_TRUE(lines);
    cut += lines->records_cut;
    take(*lines, 16, records);
    if (lines->end_of_file && lines->bytes.empty()) break;
  }
  EXPECT_EQ(records, (std::vector<std::string>{std::string(16, 'x'), "next"}));
  EXPECT_EQ(cut, 1U);
  EXPECT_EQ(cursor.position, text.size());
}

TEST(LineBuffer, OtherBytesBeforeThePositionAreNoticedAndNothingIsTaken) {
  LineBuffer buffer(64);
  GrowingFile file("one\ntwo\n");
  file.show(4);
  Cursor cursor;
  std::vector<std::string> records;
  drain(buffer, file, cursor, 64, records);
  GrowingFile other("ONE\ntwo\n");
  other.show(8);
  const auto before = cursor.position;
  const auto lines = buffer.next(other.reader(), cursor, 64);
  ASSERT_TRUE(lines);
  EXPECT_TRUE(lines->rewritten);
  EXPECT_TRUE(lines->bytes.empty());
  EXPECT_EQ(cursor.position, before);
}

// Every text of up to six of these bytes, written in every possible pair of steps, through a small buffer.
TEST(LineBuffer, EveryShortTextInEveryChunkingGivesTheSameRecords) {
  constexpr std::string_view kBytes("ab\n\r");
  constexpr std::size_t kMost = 6;
  std::size_t texts = 0;
  for (std::size_t size = 1; size <= kMost; ++size) {
    std::size_t combinations = 1;
    for (std::size_t i = 0; i < size; ++i) combinations *= kBytes.size();
    for (std::size_t n = 0; n < combinations; ++n) {
      std::string text;
      for (std::size_t i = 0, left = n; i < size; ++i, left /= kBytes.size())
        text += kBytes[left % kBytes.size()];
      const auto expected = records_of(text, 3);
      for (std::size_t first = 0; first <= size; ++first)
        for (std::size_t second = first; second <= size; ++second) {
          LineBuffer buffer(4);
          GrowingFile file(text);
          Cursor cursor;
          std::vector<std::string> records;
          for (const auto visible : {first, second, size}) {
            file.show(visible);
            drain(buffer, file, cursor, 3, records);
            drain(buffer, file, cursor, 3, records);
          }
          ASSERT_EQ(records, expected)
              << testing::PrintToString(text) << " in steps " << first << ", " << second;
        }
      ++texts;
    }
  }
  EXPECT_EQ(texts, 4U + 16 + 64 + 256 + 1024 + 4096);
}

}  // namespace
}  // namespace dingtail::tail
