// Complete lines of one file, as read: what tail/ hands to match/. Views into the reader's buffer; they live
// until the next read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace dingtail::tail {

struct Block {
  std::string_view bytes;  // whole lines; the last one's newline may be missing (a cut or final record)
  std::string_view path;
  std::string_view source;  // the source's name
  std::size_t max_record_bytes = 0;
};

// Calls visit(std::string_view) for each record of the block, without its line end (LF or CRLF), cut at the
// source's max_record.
template <class Visit>
void for_each_record(const Block& block, Visit&& visit) {
  std::string_view left = block.bytes;
  while (!left.empty()) {
    const void* newline = std::memchr(left.data(), '\n', left.size());
    const std::size_t size = newline == nullptr
                                 ? left.size()
                                 : static_cast<std::size_t>(static_cast<const char*>(newline) - left.data());
    std::string_view record = left.substr(0, size);
    if (record.ends_with('\r')) record.remove_suffix(1);
    visit(record.substr(0, block.max_record_bytes));
    left.remove_prefix(std::min(size + 1, left.size()));
  }
}

}  // namespace dingtail::tail
