// Tools for the exhaustive tests: all short texts, and all ways in which one can arrive.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/growing_file.h"
#include "tail/block.h"
#include "tail/decoder.h"
#include "tail/line_buffer.h"

namespace dingtail::test {

// Calls visit for each text of 1 to `most` of these bytes; how many they were.
inline std::size_t each_text(std::string_view bytes, std::size_t most,
                             const std::function<void(const std::string&)>& visit) {
  std::size_t texts = 0;
  for (std::size_t size = 1; size <= most; ++size) {
    std::size_t combinations = 1;
    for (std::size_t i = 0; i < size; ++i) combinations *= bytes.size();
    for (std::size_t n = 0; n < combinations; ++n, ++texts) {
      std::string text;
      for (std::size_t i = 0, left = n; i < size; ++i, left /= bytes.size())
        text += bytes[left % bytes.size()];
      visit(text);
    }
  }
  return texts;
}

struct Arrived {
  std::vector<std::string> records;
  std::uint64_t cut = 0;

  bool operator==(const Arrived&) const = default;
};

// The records of a text of which more is written in steps: after byte i+1 where bit i of `steps` is set. Its
// last line, if it has no newline, is one too, as when the file is deleted.
inline Arrived arrive(const std::string& text, std::uint32_t steps, tail::Decoder& decoder,
                      tail::LineBuffer& buffer) {
  Arrived out;
  tail::Cursor cursor;
  GrowingFile file(text);
  const auto take = [&](const tail::Lines& lines, std::uint64_t offset, const tail::Form& form) {
    out.cut += lines.bytes_cut;
    tail::for_each_record({decoder.decode(lines.bytes, offset, form), "f", "s"},
                          [&](std::string_view record) { out.records.emplace_back(record); });
  };
  for (std::size_t visible = 1; visible <= text.size(); ++visible) {
    const bool last = visible == text.size();
    if (!last && (steps >> (visible - 1) & 1U) == 0) continue;
    file.show(visible);
    const auto form =
        decoder.form_of(std::string_view(text).substr(0, std::min(visible, tail::Decoder::kFirstBytes)));
    for (bool more = true; more;) {
      const auto offset = cursor.position;
      const auto lines = buffer.next(file.reader(), cursor, form.lines);
      take(*lines, offset, form);
      more = !lines->end_of_file;
    }
    if (!last) continue;
    const auto offset = cursor.position;
    take(*buffer.rest(file.reader(), cursor, form.lines), offset, form);
  }
  return out;
}

}  // namespace dingtail::test
