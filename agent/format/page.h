// The parts that messages are laid out with, first of all paragraphs of Markdown within the bytes that a
// robot takes. Only the room's own layouts use it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "format/message.h"

namespace dingtail::format {

inline constexpr std::size_t kTitleCharacters = 120;
inline constexpr std::size_t kTitleHostBytes = 64;
inline constexpr std::string_view kDot = " · ";
inline constexpr std::string_view kNextLine = "  \n> ";  // within a quote

// What `text` takes within a JSON string.
std::size_t cost(std::string_view text);

// What must not be cut reserves its room first and is written later.
class Page {
 public:
  // What `bytes` of a body leave beside the title and the mentions of `head`.
  Page(std::size_t bytes, const Message& head);

  // What one more paragraph may take.
  [[nodiscard]] std::size_t room() const;
  [[nodiscard]] const std::string& text() const { return text_; }

  void reserve(std::string_view paragraph);
  void write(std::string_view paragraph);
  bool write_if_it_fits(std::string_view paragraph);

 private:
  std::size_t left_;
  std::string text_;
};

bool has_any(const std::vector<std::string>& keywords, std::string_view title, std::string_view text);

// At most so many characters of `text`; a cut ends in "…".
std::string shorten(std::string_view text, std::size_t characters);

}  // namespace dingtail::format
