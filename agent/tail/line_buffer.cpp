#include "tail/line_buffer.h"

#include <algorithm>
#include <cstring>

namespace dingtail::tail {
namespace {

std::uint64_t count_longer(std::string_view bytes, std::size_t most) {
  std::uint64_t count = 0;
  while (bytes.size() > most) {
    const auto newline = bytes.find('\n');
    const std::size_t size = newline == std::string_view::npos ? bytes.size() : newline;
    if (size > most) ++count;
    bytes.remove_prefix(std::min(size + 1, bytes.size()));
  }
  return count;
}

}  // namespace

LineBuffer::LineBuffer(std::size_t capacity)
    : capacity_(capacity), buffer_(std::make_unique_for_overwrite<char[]>(capacity)) {}

void LineBuffer::grow(std::size_t capacity) {
  if (capacity <= capacity_) return;
  capacity_ = capacity;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity);
}

base::Result<Lines> LineBuffer::next(const ReadAt& read, Cursor& cursor, std::size_t max_record) {
  const auto got = read({buffer_.get(), capacity_}, cursor.scanned_to);
  if (!got) return tl::unexpected(got.error());
  const bool end_of_file = *got < capacity_;
  const std::string_view bytes(buffer_.get(), *got);
  const bool continues = cursor.scanned_to > cursor.position;
  const auto newline = continues ? bytes.find('\n') : bytes.rfind('\n');
  if (newline == std::string_view::npos) {
    cursor.scanned_to += *got;
    return Lines{{}, 0, end_of_file};
  }
  const std::uint64_t end = cursor.scanned_to + newline + 1;
  if (continues) return head_of_line(read, cursor, end, max_record);
  cursor = {end, end};
  const auto lines = bytes.substr(0, newline + 1);
  return Lines{lines, count_longer(lines, max_record), end_of_file};
}

base::Result<Lines> LineBuffer::rest(const ReadAt& read, Cursor& cursor, std::size_t max_record) {
  while (true) {  // to the end of the file: bytes behind the last newline need not have been looked at
    auto lines = next(read, cursor, max_record);
    if (!lines || !lines->bytes.empty()) return lines;  // completed after all
    if (lines->end_of_file) break;
  }
  if (cursor.scanned_to == cursor.position) return Lines{{}, 0, true};
  return head_of_line(read, cursor, cursor.scanned_to, max_record);
}

base::Result<Lines> LineBuffer::head_of_line(const ReadAt& read, Cursor& cursor, std::uint64_t end,
                                             std::size_t max_record) {
  const auto wanted = std::min<std::uint64_t>({end - cursor.position, capacity_, max_record + 1});
  const auto got = read({buffer_.get(), static_cast<std::size_t>(wanted)}, cursor.position);
  if (!got) return tl::unexpected(got.error());
  cursor = {end, end};
  const std::string_view line(buffer_.get(), *got);
  return Lines{line, count_longer(line, max_record), false};
}

}  // namespace dingtail::tail
