// One followed file: which it is, how far it was read, and its descriptor while there is something to read.
// Passive: told when to look, knows no clock and no other file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"
#include "tail/line_buffer.h"

namespace dingtail::tail {

enum class Life {
  kLive,     // found at its path
  kRotated,  // renamed away or deleted: read to its end, then let go
};

class TailedFile {
 public:
  TailedFile(FileId id, std::string path, std::size_t source)
      : id_(id), path_(std::move(path)), source_(source) {}

  // Opens the file at its path where it isn't open; false: another file stands there.
  base::Result<bool> open();

  enum class Seen {
    kNothing,    // nothing new
    kMore,       // bytes to read
    kRewritten,  // shorter, or written anew: not what was read
    kReplaced,   // another file has its path
  };
  // Opens the file where it isn't open and compares it with what was read.
  base::Result<Seen> look();
  // True where no name is left (only known while open).
  [[nodiscard]] bool deleted() const { return deleted_; }
  [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }

  // While it is open.
  [[nodiscard]] std::optional<FileStat> stat() const;
  [[nodiscard]] ReadAt reader() const;

  // What is known of its content grows with what was read of it: to be called when the cursor moved.
  void grow_head();
  // True where another file holds, at the same places, what was read of this one.
  [[nodiscard]] base::Result<bool> is_copied_in(const ReadAt& other) const;
  // From the beginning again: its content is another now.
  void start_anew();

  // To where read_from = "end" begins: behind the last complete line.
  void begin_at_end(std::uint64_t size);

  [[nodiscard]] FileId id() const { return id_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::size_t source() const { return source_; }

  Cursor cursor;
  Mark head;  // of its first bytes, kHeadBytes at the most
  Life life = Life::kLive;
  bool queued = false;       // waits to be read
  base::Mono quiet_since{};  // of a rotated file: when bytes came last
  base::Mono rotated_at{};   // of a rotated file
  bool rest_read = false;    // of a rotated file: its partial line was handed out
  std::string trouble;       // why it cannot be read; empty: it can

  // Another name, or another source after a reload.
  void rename(std::string path, std::size_t source);

 private:
  FileId id_;
  std::string path_;
  std::size_t source_;
  base::Fd fd_;
  std::uint64_t changed_ = 0;  // ctime when it was last looked at
  bool deleted_ = false;
};

}  // namespace dingtail::tail
