// Which file it is, whatever its name. Two answers: the file system's (FileId), and the content's, for when
// the first is not enough: an inode may be used again, and a file may be truncated and written anew without
// becoming shorter. Pure but for stat_file() and bytes that a ReadAt brings.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dingtail::tail {

// Reads at an offset into the span; fewer bytes than asked for mean the end of the file.
using ReadAt = std::function<base::Result<std::size_t>(std::span<char>, std::uint64_t offset)>;

struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t birth = 0;  // nanoseconds since the epoch; 0 where the file system keeps none

  auto operator<=>(const FileId&) const = default;
};

struct FileStat {
  FileId id;
  std::uint64_t size = 0;
  std::uint64_t changed = 0;  // ctime, nanoseconds since the epoch
  std::uint64_t modified = 0;
  std::uint64_t links = 0;
  std::uint64_t allocated = 0;  // bytes on the disk: fewer than size where the file has holes
  std::uint32_t owner = 0;      // a user's number
  bool regular = false;
  bool link = false;  // only of stat_entry()
};

// Follows symbolic links.
base::Result<FileStat> stat_file(const std::string& path);
base::Result<FileStat> stat_file(int fd);
// Does not follow one.
base::Result<FileStat> stat_entry(const std::string& path);

// A digest of some bytes of a file: `size` of them, ending or beginning where its owner says.
struct Mark {
  std::uint64_t hash = 0;
  std::uint32_t size = 0;

  auto operator<=>(const Mark&) const = default;
};

inline constexpr std::size_t kHeadBytes = 1024;  // of a file's beginning; grows with it from the first byte
inline constexpr std::size_t kTailBytes = 256;   // before the position

Mark mark_of(std::string_view bytes);
// True where the file has these bytes at `offset`. A mark of nothing fits everywhere.
base::Result<bool> holds(const ReadAt& read, std::uint64_t offset, const Mark& mark);
// True where the two files agree in their first bytes and in those before `size`: one is a copy of the other,
// that long.
base::Result<bool> agree(const ReadAt& one, const ReadAt& other, std::uint64_t size);
// The mark of `size` bytes at `offset`, or of as many as there are.
base::Result<Mark> read_mark(const ReadAt& read, std::uint64_t offset, std::size_t size);

}  // namespace dingtail::tail
