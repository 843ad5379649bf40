// One followed file: which it is, how far it was read, and its descriptor while there is something to read.
// Passive: told when to look, knows no clock and no other file.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"
#include "tail/line_buffer.h"

namespace dingtail::tail {

// Which file it is, whatever its name.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  auto operator<=>(const FileId&) const = default;
};

struct FileStat {
  FileId id;
  std::uint64_t size = 0;
  bool regular = false;
};

// Follows symbolic links.
base::Result<FileStat> stat_file(const std::string& path);

enum class Life {
  kLive,     // found at its path
  kRotated,  // renamed away or deleted: read to its end, then let go
};

class TailedFile {
 public:
  TailedFile(FileId id, std::string path, std::size_t source)
      : id_(id), path_(std::move(path)), source_(source) {}

  enum class Seen {
    kNothing,    // nothing new
    kMore,       // bytes to read
    kTruncated,  // shorter than what was read: the cursor stands at 0 now
    kReplaced,   // another file has its path
  };
  // Opens the file where it isn't open and compares it with what was read.
  base::Result<Seen> look();
  // True where no name is left (only known while open).
  [[nodiscard]] bool deleted() const { return deleted_; }
  [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }

  [[nodiscard]] ReadAt reader() const;

  // To where read_from = "end" begins: behind the last complete line.
  void begin_at_end(std::uint64_t size);

  [[nodiscard]] FileId id() const { return id_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::size_t source() const { return source_; }

  Cursor cursor;
  Life life = Life::kLive;
  bool queued = false;       // waits to be read
  base::Mono quiet_since{};  // of a rotated file: when bytes came last
  bool rest_read = false;    // of a rotated file: its partial line was handed out
  std::string trouble;       // why it cannot be read; empty: it can

  // Another name, or another source after a reload.
  void rename(std::string path, std::size_t source);

 private:
  FileId id_;
  std::string path_;
  std::size_t source_;
  base::Fd fd_;
  bool deleted_ = false;
};

}  // namespace dingtail::tail
