#include "format/page.h"

#include <algorithm>

#include "format/json.h"

namespace dingtail::format {
namespace {

constexpr std::string_view kSeparator = "\n\n";
constexpr std::size_t kUuidBytes = 64;

}  // namespace

std::size_t cost(std::string_view text) {
  std::size_t bytes = text.size();
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n') {
      bytes += 1;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      bytes += 5;
    }
  }
  return bytes;
}

Page::Page(std::size_t bytes, const Message& head) {
  const std::size_t frame = body_json(head, std::string(kUuidBytes, '0')).size();
  left_ = bytes - std::min(frame, bytes);
}

std::size_t Page::room() const {
  return left_ - std::min(left_, cost(kSeparator));
}

void Page::reserve(std::string_view paragraph) {
  left_ -= std::min(left_, cost(paragraph) + cost(kSeparator));
}

void Page::write(std::string_view paragraph) {
  if (paragraph.empty()) return;
  if (!text_.empty()) text_ += kSeparator;
  text_ += paragraph;
}

bool Page::write_if_it_fits(std::string_view paragraph) {
  if (cost(paragraph) > room()) return false;
  reserve(paragraph);
  write(paragraph);
  return true;
}

bool has_any(const std::vector<std::string>& keywords, std::string_view title, std::string_view text) {
  return std::ranges::any_of(keywords, [&](const auto& word) {
    return title.find(word) != std::string_view::npos || text.find(word) != std::string_view::npos;
  });
}

std::string shorten(std::string_view text, std::size_t characters) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80;
    if (begins && characters-- == 0) return std::string(text.substr(0, at)) + "…";
  }
  return std::string(text);
}

}  // namespace dingtail::format
