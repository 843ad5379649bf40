// Lines of a file, in whatever encoding, as UTF-8. What is UTF-8 already passes through as it is: nothing is
// copied. Decides by the bytes alone; one for each source, used in turn for all its files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/result.h"
#include "tail/newline.h"

namespace dingtail::tail {

// How one file is written, as its first bytes tell. Of use to the Decoder that made it alone.
struct Form {
  LineFormat lines;
  std::size_t encoding = 0;       // which of the Decoder's is tried first
  std::size_t mark_size = 0;      // of the byte order mark at its beginning, no part of its first line
  std::string_view not_expected;  // "UTF-16LE" …: what its mark says and its source doesn't; else empty
};

class Decoder {
 public:
  // `encodings`: of base::is_encoding(), in the order in which they are tried. One with another newline than
  // the first counts only for files whose byte order mark asks for it.
  static base::Result<Decoder> make(const std::vector<std::string>& encodings, std::size_t max_record);

  static constexpr std::size_t kFirstBytes = 4;
  // `first_bytes` of the file: kFirstBytes, or all it has. A growing file's Form may change until it has as
  // many, never after its first complete line.
  Form form_of(std::string_view first_bytes);

  // `lines`, which begin at `offset` in their file, as valid UTF-8: as many lines, each with "\n" for its
  // newline (a '\r' before it stays) and cut at max_record. A line is read in the first encoding in which all
  // of it is valid; if there is none, in the first, with U+FFFD. A last one without newline may end within a
  // character, which is left out. Valid until the next call, and as long as `lines`.
  std::string_view decode(std::string_view lines, std::uint64_t offset, const Form& form);

 private:
  struct Known {
    std::string name;
    base::Encoding encoding;
  };

  explicit Decoder(std::size_t max_record) : max_record_(max_record) {}
  base::Result<std::size_t> number_of(std::string_view name);
  void add_line(std::string_view line, base::Encoding::End end, const Form& form);

  std::size_t max_record_;
  std::vector<Known> known_;  // the source's encodings, then those of byte order marks met
  std::size_t listed_ = 0;    // how many of them are the source's
  std::string decoded_;
};

}  // namespace dingtail::tail
