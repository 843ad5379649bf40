// One followed file: which it is, where it stands, how far it was read. Holds a descriptor only while
// somebody reads it: tens of thousands of idle files cost none. Passive: told when to look, knows no clock
// and no other file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"
#include "tail/decoder.h"
#include "tail/decompress.h"
#include "tail/line_buffer.h"

namespace dingtail::tail {

// What events tell of a file.
struct News {
  bool written = false;
  bool moved = false;  // renamed, deleted or created
};

enum class Life {
  kLive,     // found at its path
  kRotated,  // renamed away, copied away or deleted
  kCopy,     // of another file, which is or was read instead: up to its position, all it holds so far
  kGone,     // nowhere to be found; kept in case that its file system is mounted again
};

// Where a file is found, and whose it is.
struct Spot {
  std::string path;        // as a source names it; of a rotated file, as it did
  std::string real;        // the same without symbolic links
  std::size_t source = 0;  // index in the sources

  bool operator==(const Spot&) const = default;
};

// What outlives a restart of one file.
struct FileState {
  FileId id;
  std::string path;  // Spot::path
  std::string real;  // Spot::real
  std::string source;
  std::uint64_t position = 0;  // every byte before it is represented in what is committed with it
  std::uint64_t size = 0;      // when it was last looked at
  std::uint64_t age = 0;  // its last write, nanoseconds, of a rotated file, or one of which nothing was seen
  Life life = Life::kLive;
  Mark head{};    // of its first bytes
  Mark tail{};    // of the bytes before the position
  FileId twin{};  // of a copy: the file that is or was read instead
};

class TailedFile {
 public:
  TailedFile(FileId id, Spot spot) : id_(id), spot_(std::move(spot)) {}

  // Opens the file where it stands; false: it stands there no more.
  base::Result<bool> open();
  // To be opened again when there is something to read. A deleted file can't be.
  void close();

  enum class Seen {
    kNothing,    // nothing new
    kMore,       // bytes to read; it is open
    kFar,        // compressed, and not decompressed to its position yet: look again
    kRewritten,  // shorter, or written anew: not what was read
    kMoved,      // it stands there no more
  };
  // Compares the file with what was read of it. Opens it only where that takes its content.
  base::Result<Seen> look();
  // True where a look would see nothing new: all of it was read.
  [[nodiscard]] bool is_known(const FileStat& info) const {
    return info.changed == changed_ && info.size == cursor.scanned_to && trouble.empty() && !compressed();
  }
  // It may have holes: nobody wrote there, as when a writer goes on at its old offset after a truncation. A
  // read ends where one begins.
  [[nodiscard]] bool sparse() const { return sparse_; }
  // Where a hole at the cursor ends, with the NULs that the file system wrote behind it. The file's size:
  // there is no data behind it yet. None: there is data at the cursor.
  [[nodiscard]] std::optional<std::uint64_t> hole_end() const;
  void skip_to(std::uint64_t position);

  // True where no name is left (only known while open).
  [[nodiscard]] bool deleted() const { return deleted_; }
  [[nodiscard]] bool is_open() const { return fd_ || content_; }
  // Of a compressed file: its content has an end, and that was read. An error: it is damaged, or ends early.
  [[nodiscard]] base::Status content_end() const;
  [[nodiscard]] bool compressed() const { return can_decompress(at()); }

  // While it is open.
  [[nodiscard]] ReadAt reader() const;

  // What is known of its content grows with what was seen of it. False: another content is there now.
  bool grow_head();
  // It was found open, with so many bytes.
  void see(std::uint64_t size);
  // What it holds now, while it is open.
  void see();
  // It was listed so.
  void note(const FileStat& info);
  // From the beginning again: its content is another now.
  void start_anew();
  // Everything in it was read for now.
  void reached_end() { at_end_ = true; }
  // All it holds so far is or was read elsewhere: the first `size` bytes of `of`, which is open.
  void be_copy(const TailedFile& of, std::uint64_t size);
  // To be read again from there on.
  void go_back_to(const Cursor& from);
  // As the last run left it.
  void resume(const FileState& state);
  // As the next run is to find it: everything before `from` was handed out.
  [[nodiscard]] FileState state(const std::string& source, const Cursor& from) const;

  [[nodiscard]] FileId id() const { return id_; }
  [[nodiscard]] const std::string& path() const { return spot_.path; }
  [[nodiscard]] const Spot& spot() const { return spot_; }
  [[nodiscard]] std::size_t source() const { return spot_.source; }
  // Where it stands now: Spot::real, or what it was renamed to.
  [[nodiscard]] const std::string& at() const { return renamed_to_ ? *renamed_to_ : spot_.real; }
  [[nodiscard]] std::uint64_t size() const { return size_; }  // when it was last looked at
  [[nodiscard]] std::optional<FileStat> stat() const;         // while it is open
  // False: another content is there than was read, or less than was seen. While it is open.
  [[nodiscard]] bool intact() const;
  // It was overwritten after its rotation, as by shred(1): no log is in it any more. While it is open.
  [[nodiscard]] bool is_overwritten() const;
  // The last look saw another file's content, as reading it showed.
  void undo_look() {
    size_ = size_before_;
    changed_ = 0;
  }

  void move_to(std::string at);  // renamed
  void found_at(Spot spot);      // live, under this name
  void set_source(std::size_t source) { spot_.source = source; }

  Cursor cursor;
  Mark head;                 // of its first bytes, kHeadBytes at the most
  std::optional<Form> form;  // how it is written, once its first line was read
  Life life = Life::kLive;
  bool queued = false;                 // waits to be read
  News news;                           // since it was looked at
  std::uint64_t age = 0;               // FileState::age
  std::uint64_t turn = 0;              // of a rotated file: those of the same path are read in this order
  base::Mono quiet_since{};            // of a rotated file: when bytes came last
  base::Mono used_at{};                // its descriptor
  std::unique_ptr<const FileId> twin;  // FileState::twin; null: it is no copy
  bool rest_read = false;              // of a rotated file: its partial line was handed out
  bool rotated_whole = false;          // it held what was read of it when it was looked at as a rotated one
  std::string trouble;                 // why it cannot be read; empty: it can

 private:
  base::Result<bool> open_compressed();
  base::Result<Seen> look_compressed();
  [[nodiscard]] base::Result<Seen> compare(const FileStat& info) const;
  [[nodiscard]] bool differs_from_compressed() const;

  FileId id_;
  Spot spot_;
  std::unique_ptr<std::string> renamed_to_;  // null: it stands where it was found
  base::Fd fd_;
  std::unique_ptr<Decompressed> content_;  // of a compressed file, instead of fd_
  std::uint64_t changed_ = 0;              // ctime when it was last looked at
  std::uint64_t size_ = 0;
  std::uint64_t size_before_ = 0;  // at the look before that
  bool sparse_ = false;            // it may have holes
  bool at_end_ = false;            // of a compressed file
  bool deleted_ = false;
};

}  // namespace dingtail::tail
