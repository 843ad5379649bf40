// Every short text, arriving in every possible way, through the line buffer and the decoder.
#include <gtest/gtest.h>

#include <map>

#include "exhaustive/records.h"

namespace dingtail::tail {
namespace {

using namespace std::string_view_literals;
using test::Arrived;

constexpr std::size_t kMaxRecord = 3;

struct Line {
  std::string bytes;
  bool complete;  // it has its newline
};

// Reads a line's first kMaxRecord bytes; `cut`: a character may be incomplete at their end.
using Decode = std::function<std::string(std::string_view line, bool cut)>;

Arrived expected(const std::vector<Line>& lines, const Decode& decode) {
  Arrived out;
  for (const auto& [bytes, complete] : lines) {
    const bool longer = bytes.size() > kMaxRecord;
    if (longer) out.cut += bytes.size() - kMaxRecord;
    auto record = decode(std::string_view(bytes).substr(0, kMaxRecord), longer || !complete);
    if (record.empty() && !complete) continue;
    if (record.ends_with('\r')) record.pop_back();
    out.records.push_back(record);
  }
  return out;
}

std::vector<Line> lines_of(const std::string& text, std::string_view newline) {
  std::vector<Line> lines(1, {"", false});
  for (std::size_t at = 0; at < text.size();) {
    const auto unit = text.substr(at, newline.size());
    at += unit.size();
    if (unit == newline) {
      lines.back().complete = true;
      lines.push_back({"", false});
    } else {
      lines.back().bytes += unit;
    }
  }
  return lines;
}

void every_arrival(std::string_view alphabet, std::size_t most, const std::vector<std::string>& encodings,
                   const std::function<Arrived(const std::string&)>& oracle) {
  auto decoder = Decoder::make(encodings, kMaxRecord);
  ASSERT_TRUE(decoder);
  std::size_t runs = 0;
  for (const std::size_t capacity : {std::size_t{4}, std::size_t{64}}) {
    LineBuffer buffer(capacity);
    test::each_text(alphabet, most, [&](const std::string& text) {
      const auto wanted = oracle(text);
      for (std::uint32_t steps = 0; steps < 1U << (text.size() - 1); ++steps, ++runs) {
        const auto got = test::arrive(text, steps, *decoder, buffer);
        if (got == wanted) continue;
        ADD_FAILURE() << testing::PrintToString(text) << " in steps " << steps << ": "
                      << testing::PrintToString(got.records) << " cut " << got.cut << ", not "
                      << testing::PrintToString(wanted.records) << " cut " << wanted.cut;
        return;
      }
    });
  }
  EXPECT_GT(runs, 100'000U);
}

std::string as_it_is(std::string_view line, bool) {
  return std::string(line);
}

TEST(EveryArrival, OfLines) {
  every_arrival("ab\n\r", 6, {"utf-8"},
                [](const std::string& text) { return expected(lines_of(text, "\n"), as_it_is); });
}

// All pairs of these bytes in GB18030, by its table; of them only C3 A9 is UTF-8 too: é.
const std::map<std::string_view, std::string_view> kPairs = {{"\xC3\xA9", "\u8305"},
                                                             {"\xA9\xC3", "\u251F"},
                                                             {"\xC3\xC3", "\u59B9"},
                                                             {"\xA9\xA9", "\u2505"},
                                                             {"\xC3"
                                                              "a",
                                                              "\u80CA"},
                                                             {"\xA9"
                                                              "a",
                                                              "\u309B"}};

std::optional<std::string> gb18030(std::string_view line, bool cut) {
  std::string out;
  while (!line.empty()) {
    if (line[0] == 'a') {
      out += 'a';
      line.remove_prefix(1);
    } else if (line.size() >= 2) {
      out += kPairs.at(line.substr(0, 2));
      line.remove_prefix(2);
    } else {
      return cut ? std::optional(out) : std::nullopt;
    }
  }
  return out;
}

std::string utf8_or_gb18030(std::string_view line, bool cut) {
  std::string_view left = line;
  if (cut && left.ends_with('\xC3')) left.remove_suffix(1);
  std::string replaced;
  bool valid = true;
  while (!left.empty()) {
    const bool ascii = left[0] == 'a';
    const bool pair = left.starts_with("\xC3\xA9");
    valid = valid && (ascii || pair);
    replaced += ascii ? "a" : pair ? "\xC3\xA9" : "\xEF\xBF\xBD";
    left.remove_prefix(pair ? 2 : 1);
  }
  return valid ? replaced : gb18030(line, cut).value_or(replaced);
}

TEST(EveryArrival, OfLinesInTwoEncodings) {
  every_arrival("a\xC3\xA9\n", 6, {"utf-8", "gb18030"},
                [](const std::string& text) { return expected(lines_of(text, "\n"), utf8_or_gb18030); });
}

// Units of these bytes are below U+8000 and no surrogates. Half a unit at the end is left out.
std::string utf16le(std::string_view line, bool) {
  std::string out;
  for (; line.size() >= 2; line.remove_prefix(2)) {
    const unsigned unit = static_cast<unsigned char>(line[0]) | static_cast<unsigned char>(line[1]) << 8U;
    if (unit < 0x80) {
      out += static_cast<char>(unit);
    } else if (unit < 0x800) {
      out += static_cast<char>(0xC0U | unit >> 6U);
      out += static_cast<char>(0x80U | (unit & 0x3FU));
    } else {
      out += static_cast<char>(0xE0U | unit >> 12U);
      out += static_cast<char>(0x80U | (unit >> 6U & 0x3FU));
      out += static_cast<char>(0x80U | (unit & 0x3FU));
    }
  }
  return out;
}

TEST(EveryArrival, OfLinesInUtf16) {
  every_arrival("\n\0\x61"sv, 7, {"utf-16le"},
                [](const std::string& text) { return expected(lines_of(text, "\n\0"sv), utf16le); });
}

// What a file's byte order mark says may show late, and must not depend on when its bytes were seen.
TEST(EveryArrival, OfByteOrderMarks) {
  auto decoder = Decoder::make({"utf-8"}, kMaxRecord);
  LineBuffer buffer(64);
  every_arrival("\xFF\xFE\n\0"sv, 6, {"utf-8"},
                [&](const std::string& text) { return test::arrive(text, 0, *decoder, buffer); });
}

}  // namespace
}  // namespace dingtail::tail
