#include "tail/tailed_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace dingtail::tail {
namespace {

FileStat convert(const struct stat& info) {
  return {{info.st_dev, info.st_ino}, static_cast<std::uint64_t>(info.st_size), S_ISREG(info.st_mode)};
}

}  // namespace

base::Result<FileStat> stat_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return base::fail_errno("stat", errno);
  return convert(info);
}

base::Result<TailedFile::Seen> TailedFile::look() {
  if (!fd_) {
    base::Fd fd(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) return base::fail_errno("open", errno);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return base::fail_errno("stat", errno);
    if (convert(info).id != id_) return Seen::kReplaced;
    fd_ = std::move(fd);
  }
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return base::fail_errno("stat", errno);
  deleted_ = info.st_nlink == 0;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < cursor.scanned_to) {
    cursor = {};
    return Seen::kTruncated;
  }
  return size > cursor.scanned_to ? Seen::kMore : Seen::kNothing;
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
  cursor = {size, size};
  if (!look() || !fd_) return;  // not readable now: whole lines begin where it ended when first seen
  std::array<char, 64UL * 1024> tail{};
  const std::uint64_t from = size - std::min<std::uint64_t>(size, tail.size());
  const auto got = reader()({tail.data(), static_cast<std::size_t>(size - from)}, from);
  if (!got) return;
  const auto newline = std::string_view(tail.data(), *got).rfind('\n');
  if (newline != std::string_view::npos) cursor = {from + newline + 1, from + newline + 1};
  if (newline == std::string_view::npos && from == 0) cursor = {0, 0};
}

void TailedFile::rename(std::string path, std::size_t source) {
  path_ = std::move(path);
  source_ = source;
}

}  // namespace dingtail::tail
