// Records of one file, as UTF-8: what tail/ hands to match/. Views into the reader's buffers; they live until
// the next read.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

namespace dingtail::tail {

struct Block {
  enum class Holds { kLines, kRecord };

  std::string_view bytes;  // valid UTF-8
  std::string_view path;
  std::string_view source;  // the source's name
  // kLines: each line is a record, the last one's newline may be missing. kRecord: it is one record, and a
  // newline in it is like any other character.
  Holds holds = Holds::kLines;
};

// Calls visit(std::string_view) for each record of the block, a line without its end (LF or CRLF).
template <class Visit>
void for_each_record(const Block& block, Visit&& visit) {
  if (block.holds == Block::Holds::kRecord) {
    visit(block.bytes);
    return;
  }
  std::string_view left = block.bytes;
  while (!left.empty()) {
    const void* newline = std::memchr(left.data(), '\n', left.size());
    const std::size_t size = newline == nullptr
                                 ? left.size()
                                 : static_cast<std::size_t>(static_cast<const char*>(newline) - left.data());
    std::string_view record = left.substr(0, size);
    if (record.ends_with('\r')) record.remove_suffix(1);
    visit(record);
    left.remove_prefix(std::min(size + 1, left.size()));
  }
}

}  // namespace dingtail::tail
