#include "tail/line_buffer.h"

#include <algorithm>
#include <cstring>

namespace dingtail::tail {
namespace {

constexpr Lines kRewritten{{}, 0, false, true};

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

LineBuffer::LineBuffer(std::size_t capacity) : capacity_(0) {
  grow(capacity);
}

void LineBuffer::grow(std::size_t capacity) {
  if (capacity <= capacity_) return;
  capacity_ = capacity;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity + kTailBytes);
}

base::Result<Lines> LineBuffer::next(const ReadAt& read, Cursor& cursor, std::size_t max_record) {
  const bool continues = cursor.scanned_to > cursor.position;
  const std::size_t before = continues ? 0 : cursor.tail.size;
  const auto got = read({buffer_.get(), before + capacity_}, cursor.scanned_to - before);
  if (!got) return tl::unexpected(got.error());
  const bool end_of_file = *got < before + capacity_;
  std::string_view bytes(buffer_.get(), *got);
  if (!continues && mark_of(bytes.substr(0, before)) != cursor.tail && before > 0) return kRewritten;
  bytes.remove_prefix(before);
  const auto newline = continues ? bytes.find('\n') : bytes.rfind('\n');
  if (newline == std::string_view::npos) {
    cursor.scanned_to += bytes.size();
    return Lines{{}, 0, end_of_file, false};
  }
  const std::uint64_t end = cursor.scanned_to + newline + 1;
  if (continues) return head_of_line(read, cursor, end, max_record);
  const auto lines = bytes.substr(0, newline + 1);
  const std::string_view read_so_far(buffer_.get(), before + lines.size());
  cursor = Cursor::at(
      end, mark_of(read_so_far.substr(read_so_far.size() - std::min(read_so_far.size(), kTailBytes))));
  return Lines{lines, count_longer(lines, max_record), end_of_file, false};
}

base::Result<Lines> LineBuffer::rest(const ReadAt& read, Cursor& cursor, std::size_t max_record) {
  while (true) {  // to the end of the file: bytes behind the last newline need not have been looked at
    auto lines = next(read, cursor, max_record);
    if (!lines || !lines->bytes.empty() || lines->rewritten) return lines;  // completed after all
    if (lines->end_of_file) break;
  }
  if (cursor.scanned_to == cursor.position) return Lines{{}, 0, true, false};
  return head_of_line(read, cursor, cursor.scanned_to, max_record);
}

base::Result<Lines> LineBuffer::head_of_line(const ReadAt& read, Cursor& cursor, std::uint64_t end,
                                             std::size_t max_record) {
  const std::size_t before = cursor.tail.size;
  const auto wanted = std::min<std::uint64_t>({end - cursor.position, capacity_, max_record + 1});
  const auto from = end - std::min<std::uint64_t>(end, kTailBytes);
  const auto tail = read_mark(read, from, static_cast<std::size_t>(end - from));
  if (!tail) return tl::unexpected(tail.error());
  const auto got = read({buffer_.get(), before + static_cast<std::size_t>(wanted)}, cursor.position - before);
  if (!got) return tl::unexpected(got.error());
  std::string_view line(buffer_.get(), *got);
  if (before > 0 && mark_of(line.substr(0, before)) != cursor.tail) return kRewritten;
  line.remove_prefix(before);
  cursor = Cursor::at(end, *tail);
  return Lines{line, count_longer(line, max_record), false, false};
}

}  // namespace dingtail::tail
