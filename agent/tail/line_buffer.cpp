#include "tail/line_buffer.h"

#include <algorithm>

namespace dingtail::tail {
namespace {

constexpr Lines kRewritten{{}, 0, false, true};

}  // namespace

LineBuffer::LineBuffer(std::size_t capacity) : capacity_(0) {
  grow(capacity);
}

void LineBuffer::grow(std::size_t capacity) {
  if (capacity <= capacity_) return;
  capacity_ = capacity;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity + kTailBytes);
}

base::Result<Lines> LineBuffer::next(const ReadAt& read, Cursor& cursor, const LineFormat& format) {
  const auto& newline = format.newline;
  const bool continues = cursor.scanned_to > cursor.position;
  // A newline of several bytes may have been seen in part.
  const auto from = std::max(cursor.position, cursor.scanned_to - cursor.scanned_to % newline.size());
  const std::size_t before = continues ? 0 : cursor.tail.size;
  const auto got = read({buffer_.get(), before + capacity_}, from - before);
  if (!got) return tl::unexpected(got.error());
  const bool end_of_file = *got < before + capacity_;
  std::string_view bytes(buffer_.get(), *got);
  if (!continues && mark_of(bytes.substr(0, before)) != cursor.tail && before > 0) return kRewritten;
  bytes.remove_prefix(before);
  const auto found = continues ? newline.find(bytes, from) : newline.rfind(bytes, from);
  if (found == std::string_view::npos) {
    cursor.scanned_to = std::max(cursor.scanned_to, from + bytes.size());
    return Lines{{}, 0, end_of_file, false};
  }
  const std::uint64_t end = from + found + newline.size();
  if (continues) return head_of_line(read, cursor, end, newline.size(), format.max_record);
  const auto lines = bytes.substr(0, found + newline.size());
  const std::string_view read_so_far(buffer_.get(), before + lines.size());
  cursor = Cursor::at(
      end, mark_of(read_so_far.substr(read_so_far.size() - std::min(read_so_far.size(), kTailBytes))));
  if (end_of_file) cursor.scanned_to = from + bytes.size();
  return Lines{lines, bytes_beyond(lines, from, format), end_of_file, false};
}

base::Result<Lines> LineBuffer::rest(const ReadAt& read, Cursor& cursor, const LineFormat& format) {
  while (true) {  // to the end of the file: bytes behind the last newline need not have been looked at
    auto lines = next(read, cursor, format);
    if (!lines || !lines->bytes.empty() || lines->rewritten) return lines;  // completed after all
    if (lines->end_of_file) break;
  }
  if (cursor.scanned_to == cursor.position) return Lines{{}, 0, true, false};
  return head_of_line(read, cursor, cursor.scanned_to, 0, format.max_record);
}

// Of the line that ends, with its newline, at `end`.
base::Result<Lines> LineBuffer::head_of_line(const ReadAt& read, Cursor& cursor, std::uint64_t end,
                                             std::size_t newline_size, std::size_t max_record) {
  const std::size_t before = cursor.tail.size;
  const auto size = end - cursor.position - newline_size;
  const auto beyond = size - std::min<std::uint64_t>(size, max_record);
  const auto wanted = std::min<std::uint64_t>(beyond > 0 ? max_record + 1 : end - cursor.position, capacity_);
  const auto from = end - std::min<std::uint64_t>(end, kTailBytes);
  const auto tail = read_mark(read, from, static_cast<std::size_t>(end - from));
  if (!tail) return tl::unexpected(tail.error());
  const auto got = read({buffer_.get(), before + static_cast<std::size_t>(wanted)}, cursor.position - before);
  if (!got) return tl::unexpected(got.error());
  std::string_view line(buffer_.get(), *got);
  if (before > 0 && mark_of(line.substr(0, before)) != cursor.tail) return kRewritten;
  line.remove_prefix(before);
  cursor = Cursor::at(end, *tail);
  return Lines{line, beyond, false, false};
}

}  // namespace dingtail::tail
