// Character encodings, by the names that this host's iconv knows: whether a name is one, and its text as
// UTF-8. Knows nothing of lines but how this encoding writes a newline.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dingtail::base {

// True where Encoding::open() takes that name: "utf-8", "GB18030", "utf-16le" …
bool is_encoding(std::string_view name);

class Encoding {
 public:
  // A name without byte order ("utf-16", "utf-32") means little-endian.
  static Result<Encoding> open(std::string_view name);

  // Whether a character that is incomplete at a text's end was cut off with what follows, or is an error.
  enum class End { kWhole, kCut };

  // Appends `text` to `out` as UTF-8. False where it isn't valid in this encoding: nothing is appended then.
  bool decode(std::string_view text, End end, std::string& out);
  // The same, with U+FFFD for what isn't valid.
  void decode_lossily(std::string_view text, End end, std::string& out);

  // True where `text`, of whole lines, is valid and has the same bytes in UTF-8, as far as that is told
  // faster than it is decoded.
  [[nodiscard]] bool is_same(std::string_view text) const;

  // The bytes of a newline: one unit of 1, 2 or 4 bytes.
  [[nodiscard]] const std::string& newline() const { return newline_; }

 private:
  struct Close {
    void operator()(void* handle) const;
  };
  using Handle = std::unique_ptr<void, Close>;  // iconv's

  enum class Stop { kEnd, kInvalid, kIncomplete };

  Encoding(Handle handle, std::string newline) : handle_(std::move(handle)), newline_(std::move(newline)) {}
  static Handle open_handle(const std::string& to, const std::string& from);
  Stop convert(std::string_view& text, std::string& out);
  void reset();

  Handle handle_;  // none: UTF-8 itself
  std::string newline_;
  bool extends_ascii_ = false;  // ASCII text has the same bytes in it
};

}  // namespace dingtail::base
