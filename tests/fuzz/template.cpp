// A template of an operator's own words and variables, and what logs put into them: compiles or says why not,
// and what the values hold does nothing, wherever they stand. An input is the template, then the values of
// ${a} and ${b}, parted by NUL.
#include "format/template.h"

#include "base/text.h"
#include "fuzz/fuzzed.h"
#include "unit/format/inert.h"

namespace {

using namespace dingtail;

// The operator may use Markdown, and then owns what comes of it: such words are left out, and the wide
// characters that clients take for their parts, which an empty value may bring together.
std::string without_markup(std::string_view text) {
  std::string out;
  for (const char c : base::to_utf8(text))
    if (std::string_view("[]<>`\\&@/.:*_#~|\n\r").find(c) == std::string_view::npos) out += c;
  for (const char* wide : {"／", "：", "．", "。", "｡", "＠", "﹫"})
    out = base::replace_all(std::move(out), wide, "");
  return format::links(out) || format::mentions(out) || format::turns(out) ? "" : out;
}

void require_inert(const std::string& text, std::string_view first, std::string_view second) {
  config::Problems problems;
  const format::Names names{.captures = {"a", "b"}, .labels = {}};
  const auto compiled = format::Template::compile({text, {"a.toml", 1, 1}}, names, problems);
  const auto value = [&](std::string_view name) {
    return std::optional(std::string(name == "a" ? first : second));
  };
  const std::string markdown = "x " + compiled.render(value, format::Escape::kMarkdown) + " x";
  format::Parsed parsed = format::parse_markdown(markdown);
  for (const char* plain : {"paragraph", "text"}) parsed.nodes.erase(plain);
  fuzz::require(parsed.nodes.empty(), "only text", markdown);
  fuzz::require(!format::mentions(markdown), "no mention", markdown);
  fuzz::require(!format::links(markdown), "no link", markdown);
  fuzz::require(!format::turns(markdown), "no turned text", markdown);
  const std::string plain = compiled.render(value, format::Escape::kPlain);
  fuzz::require(base::is_utf8(plain) && plain.find('\n') == std::string::npos, "a line of UTF-8", plain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto left = fuzz::text_of(data, size);
  const auto next = [&] {
    const auto part = left.substr(0, left.find('\0'));
    left.remove_prefix(std::min(part.size() + 1, left.size()));
    return part;
  };
  const std::string text(next());
  const auto first = next();
  if (first.empty() || left.empty()) return 0;  // the operator's own default would stand there
  config::Problems problems;
  (void)format::Template::compile({text, {"a.toml", 1, 1}}, {}, problems);
  require_inert(without_markup(text), first, left);
  // Where values meet the operator's words and each other.
  for (const char* joint : {"${a}${b}", "${a}/${b}", "${a}:${b}", "${a}@${b}", "http:/${a}", "www${a}.${b}",
                            "\\${a}\\${b}", "&${a};${b}"})
    require_inert(joint, first, left);
  return 0;
}
