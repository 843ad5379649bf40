// Where the lines of a file end: a code unit of 1, 2 or 4 bytes, at a multiple of its size from the file's
// beginning. (U+0A0A and U+010A have a newline's bytes in UTF-16 and are none.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dingtail::tail {

class Newline {
 public:
  explicit Newline(std::string unit = "\n") : unit_(std::move(unit)) {}

  [[nodiscard]] std::size_t size() const { return unit_.size(); }

  // The first and the last newline in `bytes`, which begin at `offset` in their file; npos: none.
  [[nodiscard]] std::size_t find(std::string_view bytes, std::uint64_t offset) const;
  [[nodiscard]] std::size_t rfind(std::string_view bytes, std::uint64_t offset) const;

  bool operator==(const Newline&) const = default;

 private:
  std::string unit_;
};

struct LineFormat {
  std::size_t max_record = 0;  // in the file's bytes, without the line's end
  Newline newline;
};

// How many bytes of these lines lie beyond max_record.
std::uint64_t bytes_beyond(std::string_view lines, std::uint64_t offset, const LineFormat& format);

}  // namespace dingtail::tail
