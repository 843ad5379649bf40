// Any bytes through escape_markdown(): inert for a CommonMark parser, and read as plain() has them;
// and through foreign(): no count of ours in them.
#include "format/escape.h"

#include "base/text.h"
#include "fuzz/fuzzed.h"
#include "unit/format/inert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dingtail;
  const auto text = fuzz::text_of(data, size);
  const std::string markdown = format::escape_markdown(text);
  fuzz::require(format::why_not_inert(text, markdown).empty(), "inert", markdown);
  const std::string plain = format::plain(text);
  fuzz::require(base::is_utf8(plain) && plain.find('\n') == std::string::npos, "plain is a line of UTF-8",
                plain);
  fuzz::require(format::plain(plain) == plain, "plain is plain", plain);
  const std::size_t bytes = size == 0 ? 0 : data[0];
  const std::string brief = format::brief(text, bytes);
  fuzz::require(base::is_utf8(brief) && brief.size() <= bytes + 3, "brief is short", brief);
  const std::string foreign = format::foreign(text, bytes);
  fuzz::require(base::is_utf8(foreign) && foreign.size() <= bytes + 3, "foreign text is short", foreign);
  for (const char* mark : {"×", "·"})
    for (auto at = foreign.find(mark); at != std::string::npos; at = foreign.find(mark, at + 1))
      fuzz::require(at > 0 && foreign[at - 1] == '\\', "no count of ours", foreign);
  return 0;
}
