// Every short sequence of lines through Multiline.
#include <gtest/gtest.h>

#include "tail/multiline.h"

namespace dingtail::tail {
namespace {

using Preset = config::Multiline::Preset;
using Lines = std::vector<std::string>;

bool starts(std::string_view line) {
  return line.starts_with('S');
}

struct Record {
  std::string text;
  std::size_t first;  // of the lines

  bool operator==(const Record&) const = default;
};

std::vector<Record> join(Multiline& multiline, const Lines& lines, std::size_t from) {
  std::vector<Record> records;
  std::size_t first = from;
  for (std::size_t i = from; i < lines.size(); ++i) {
    auto record = multiline.add(lines[i]);
    if (!record) continue;
    records.push_back({std::move(*record), first});
    first = i;
  }
  if (auto record = multiline.end()) records.push_back({std::move(*record), first});
  return records;
}

// Calls visit for each sequence of 1 to `most` of these lines; how many they were.
std::size_t each_sequence(const Lines& choice, std::size_t most,
                          const std::function<void(const Lines&)>& visit) {
  std::size_t count = 0;
  for (std::size_t size = 1; size <= most; ++size) {
    std::size_t combinations = 1;
    for (std::size_t i = 0; i < size; ++i) combinations *= choice.size();
    for (std::size_t n = 0; n < combinations; ++n, ++count) {
      Lines lines;
      for (std::size_t i = 0, left = n; i < size; ++i, left /= choice.size())
        lines.push_back(choice[left % choice.size()]);
      visit(lines);
    }
  }
  return count;
}

std::string joined(const Lines& lines, std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t i = from; i < to; ++i) out += (i > from ? "\n" : "") + lines[i];
  return out;
}

// The oracle: where records begin is known beforehand, then each is cut by hand.
TEST(EverySequence, OfLinesWithAStartPattern) {
  constexpr std::size_t kMaxLines = 3;
  constexpr std::size_t kMaxBytes = 4;
  config::Multiline settings;
  settings.max_lines = kMaxLines;
  const auto count = each_sequence({"S", "Sx", "", "abc"}, 7, [&](const Lines& lines) {
    std::vector<std::size_t> begins;
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (i == 0 || starts(lines[i]) || i - begins.back() == kMaxLines) begins.push_back(i);
    begins.push_back(lines.size());
    std::vector<Record> expected;
    std::size_t cut = 0;
    for (std::size_t r = 0; r + 1 < begins.size(); ++r) {
      auto text = joined(lines, begins[r], begins[r + 1]);
      cut += text.size() - std::min(text.size(), kMaxBytes);
      text.resize(std::min(text.size(), kMaxBytes));
      while (text.ends_with('\n')) text.pop_back();
      expected.push_back({text, begins[r]});
    }
    Multiline multiline(settings, starts, kMaxBytes);
    EXPECT_EQ(join(multiline, lines, 0), expected) << testing::PrintToString(lines);
    EXPECT_EQ(multiline.take_bytes_cut(), cut) << testing::PrintToString(lines);
  });
  EXPECT_EQ(count, 4U + 16 + 64 + 256 + 1024 + 4096 + 16384);
}

// No line is lost or joined out of order, and who begins again at a record's first line sees the same
// records.
void every_sequence(Preset preset, const Lines& choice) {
  config::Multiline settings;
  settings.preset = preset;
  Multiline multiline(settings, {}, 1000);
  std::size_t long_records = 0;
  each_sequence(choice, 5, [&](const Lines& lines) {
    const auto records = join(multiline, lines, 0);
    for (std::size_t r = 0; r < records.size(); ++r) {
      const auto end = r + 1 < records.size() ? records[r + 1].first : lines.size();
      auto text = joined(lines, records[r].first, end);
      while (text.ends_with('\n')) text.pop_back();
      EXPECT_EQ(records[r].text, text) << testing::PrintToString(lines);
      const std::vector<Record> further(records.begin() + static_cast<std::ptrdiff_t>(r), records.end());
      EXPECT_EQ(join(multiline, lines, records[r].first), further) << testing::PrintToString(lines);
      if (end - records[r].first == lines.size() && lines.size() == 5) ++long_records;
    }
  });
  EXPECT_GT(long_records, 0U);
}

TEST(EverySequence, OfJavasLines) {
  every_sequence(Preset::kJava,
                 {"10:00 ERROR x", "java.io.IOException: x", "\tat a.b(C.java:1)", "Caused by: x.Y", ""});
}

TEST(EverySequence, OfPythonsLines) {
  every_sequence(Preset::kPython,
                 {"10:00 ERROR x", "Traceback (most recent call last):", "  File \"x.py\", line 1",
                  "KeyError: 1", "", "Stack (most recent call last):",
                  "During handling of the above exception, another exception occurred:"});
}

TEST(EverySequence, OfGosLines) {
  every_sequence(Preset::kGo, {"10:00 x", "panic: x", "[signal SIGSEGV]",
                               "goroutine 1 [running]:", "main.main()", "\t/x.go:1", "", "exit status 2"});
}

}  // namespace
}  // namespace dingtail::tail
