// Finds complete lines in a growing file. One buffer serves all files: what is kept of a file between two
// reads is its Cursor, so that an idle file costs no memory and a line of any length costs no more than the
// buffer. Decides only; reading is the caller's function.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "tail/identity.h"
#include "tail/newline.h"

namespace dingtail::tail {

struct Cursor {
  std::uint64_t position = 0;    // the beginning of the first line not handed out yet
  std::uint64_t scanned_to = 0;  // no newline lies between position and here
  Mark tail{};                   // of the bytes before position

  static Cursor at(std::uint64_t position, Mark tail = {}) { return {position, position, tail}; }
};

struct Lines {
  std::string_view bytes;       // valid until the next call; empty: no complete line yet
  std::uint64_t bytes_cut = 0;  // of the lines in `bytes`, or of what was left out of them, beyond max_record
  bool end_of_file = false;     // nothing more to read for now
  bool rewritten =
      false;  // other bytes than those that were read stand before the position: nothing was taken
};

class LineBuffer {
 public:
  explicit LineBuffer(std::size_t capacity);

  // Room for records of that size; ends the views given out.
  void grow(std::size_t capacity);

  // Reads once, makes sure that the bytes before the position are those that were read, and advances the
  // cursor over the complete lines it hands out. A line longer than the buffer is handed out when its newline
  // is found: its first max_record + 1 bytes, and no newline.
  base::Result<Lines> next(const ReadAt& read, Cursor& cursor, const LineFormat& format);

  // The partial line at the cursor as a last record (its file is gone, or was renamed and fell silent).
  base::Result<Lines> rest(const ReadAt& read, Cursor& cursor, const LineFormat& format);

 private:
  base::Result<Lines> head_of_line(const ReadAt& read, Cursor& cursor, std::uint64_t end,
                                   std::size_t newline_size, std::size_t max_record);

  std::size_t capacity_;
  std::unique_ptr<char[]> buffer_;  // capacity_ bytes, and room for those before the position
};

}  // namespace dingtail::tail
