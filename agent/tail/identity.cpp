#include "tail/identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"

namespace dingtail::tail {
namespace {

std::uint64_t nanoseconds(const statx_timestamp& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + time.tv_nsec;
}

base::Result<FileStat> ask(int directory, const char* path, int flags) {
  struct statx info {};
  if (::statx(directory, path, flags, STATX_BASIC_STATS | STATX_BTIME, &info) != 0)
    return base::fail_errno("stat", errno);
  FileStat out;
  out.id.device = ::makedev(info.stx_dev_major, info.stx_dev_minor);
  out.id.inode = info.stx_ino;
  if ((info.stx_mask & STATX_BTIME) != 0) out.id.birth = nanoseconds(info.stx_btime);
  out.size = info.stx_size;
  out.changed = nanoseconds(info.stx_ctime);
  out.modified = nanoseconds(info.stx_mtime);
  out.links = info.stx_nlink;
  out.allocated = info.stx_blocks * 512;  // statx(2): in units of 512 bytes
  out.owner = info.stx_uid;
  out.regular = S_ISREG(info.stx_mode);
  out.link = S_ISLNK(info.stx_mode);
  return out;
}

}  // namespace

base::Result<FileStat> stat_file(const std::string& path) {
  return ask(AT_FDCWD, path.c_str(), 0);
}

base::Result<FileStat> stat_file(int fd) {
  return ask(fd, "", AT_EMPTY_PATH);
}

base::Result<FileStat> stat_entry(const std::string& path) {
  return ask(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW);
}

Mark mark_of(std::string_view bytes) {
  return {base::fingerprint(bytes), static_cast<std::uint32_t>(bytes.size())};
}

base::Result<Mark> read_mark(const ReadAt& read, std::uint64_t offset, std::size_t size) {
  std::array<char, kHeadBytes> bytes{};
  const auto got = read({bytes.data(), std::min(size, bytes.size())}, offset);
  if (!got) return tl::unexpected(got.error());
  return mark_of({bytes.data(), *got});
}

base::Result<bool> holds(const ReadAt& read, std::uint64_t offset, const Mark& mark) {
  if (mark.size == 0) return true;
  const auto there = read_mark(read, offset, mark.size);
  if (!there) return tl::unexpected(there.error());
  return *there == mark;
}

base::Result<bool> agree(const ReadAt& one, const ReadAt& other, std::uint64_t size) {
  const auto head = read_mark(one, 0, static_cast<std::size_t>(std::min<std::uint64_t>(size, kHeadBytes)));
  if (!head) return tl::unexpected(head.error());
  const auto before = std::min<std::uint64_t>(size, kTailBytes);
  const auto tail = read_mark(one, size - before, static_cast<std::size_t>(before));
  if (!tail) return tl::unexpected(tail.error());
  auto same_head = holds(other, 0, *head);
  if (!same_head || !*same_head) return same_head;
  return holds(other, size - before, *tail);
}

}  // namespace dingtail::tail
