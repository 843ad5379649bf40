#include "format/written.h"

#include "base/text.h"
#include "format/page.h"
#include "format/words.h"

namespace dingtail::format {
namespace {

std::string_view first_line(std::string_view words) {
  const auto rest = base::trim(words);
  return base::trim(rest.substr(0, rest.find('\n')));
}

// The longest beginning of `text` that takes no more than `room` within a JSON string.
std::string_view beginning(std::string_view text, std::size_t room) {
  std::size_t end = 0;
  for (std::size_t used = 0; end < text.size(); ++end) {
    used += cost(text.substr(end, 1));
    if (used > room) break;
  }
  return base::utf8_prefix(text, end);
}

}  // namespace

Message written(std::string_view words, const Style& style) {
  const std::string whole = base::to_utf8(words);
  const std::string keyword = style.keywords.empty() ? "" : style.keywords.front();
  Message out;
  out.title = shorten(first_line(whole), kTitleCharacters);
  Page page(style.max_body_bytes, out);
  page.reserve(keyword);
  if (!page.write_if_it_fits(whole)) {
    page.reserve(say(Word::kMoreBytes, style.language, whole.size()));
    const auto kept = beginning(whole, page.room());
    page.write(kept);
    page.write(say(Word::kMoreBytes, style.language, whole.size() - kept.size()));
  }
  if (!has_any(style.keywords, out.title, page.text())) page.write(keyword);
  out.text = page.text();
  return out;
}

}  // namespace dingtail::format
