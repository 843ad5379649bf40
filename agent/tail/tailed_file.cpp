#include "tail/tailed_file.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace dingtail::tail {

base::Result<bool> TailedFile::open() {
  if (fd_) return true;
  base::Fd fd(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) return base::fail_errno("open", errno);
  const auto opened = stat_file(fd.get());
  if (!opened) return tl::unexpected(opened.error());
  if (opened->id != id_) return false;
  fd_ = std::move(fd);
  return true;
}

base::Result<TailedFile::Seen> TailedFile::look() {
  const auto opened = open();
  if (!opened) return tl::unexpected(opened.error());
  if (!*opened) return Seen::kReplaced;
  const auto info = stat_file(fd_.get());
  if (!info) return tl::unexpected(info.error());
  deleted_ = info->links == 0;
  const bool touched = std::exchange(changed_, info->changed) != info->changed;
  if (info->size < cursor.scanned_to) return Seen::kRewritten;
  if (info->size > cursor.scanned_to) return Seen::kMore;  // reading makes sure of what stands before
  if (!touched) return Seen::kNothing;
  const auto same = holds(reader(), cursor.position - cursor.tail.size, cursor.tail);
  if (!same) return tl::unexpected(same.error());
  return *same ? Seen::kNothing : Seen::kRewritten;
}

void TailedFile::grow_head() {
  if (head.size >= kHeadBytes || cursor.position <= head.size) return;
  const auto size = std::min<std::uint64_t>(cursor.position, kHeadBytes);
  if (const auto mark = read_mark(reader(), 0, static_cast<std::size_t>(size))) head = *mark;
}

base::Result<bool> TailedFile::is_copied_in(const ReadAt& other) const {
  auto same_head = holds(other, 0, head);
  if (!same_head || !*same_head) return same_head;
  return holds(other, cursor.position - cursor.tail.size, cursor.tail);
}

void TailedFile::start_anew() {
  cursor = {};
  head = {};
}

std::optional<FileStat> TailedFile::stat() const {
  if (!fd_) return std::nullopt;
  auto info = stat_file(fd_.get());
  return info ? std::optional(*info) : std::nullopt;
}

ReadAt TailedFile::reader() const {
  return [fd = fd_.get()](std::span<char> into, std::uint64_t offset) -> base::Result<std::size_t> {
    while (true) {
      const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return base::fail_errno("read", errno);
    }
  };
}

void TailedFile::begin_at_end(std::uint64_t size) {
  cursor = Cursor::at(size);
  if (const auto opened = open(); !opened || !*opened)
    return;  // not readable now: whole lines begin where it ended when first seen
  std::array<char, 64UL * 1024> tail{};
  const std::uint64_t from = size - std::min<std::uint64_t>(size, tail.size());
  const auto got = reader()({tail.data(), static_cast<std::size_t>(size - from)}, from);
  if (!got) return;
  const std::string_view bytes(tail.data(), *got);
  const auto newline = bytes.rfind('\n');
  if (newline == std::string_view::npos) {
    if (from == 0) cursor = {};
    return;
  }
  const auto read = bytes.substr(0, newline + 1);
  cursor =
      Cursor::at(from + read.size(), mark_of(read.substr(read.size() - std::min(read.size(), kTailBytes))));
  grow_head();
}

void TailedFile::rename(std::string path, std::size_t source) {
  path_ = std::move(path);
  source_ = source;
}

}  // namespace dingtail::tail
