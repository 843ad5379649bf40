#include "format/escape.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"

namespace dingtail::format {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kZeroWidthSpace = "\xE2\x80\x8B";
constexpr std::string_view kNoBreakSpace = "\xC2\xA0";

struct Range {
  char32_t first;
  char32_t last;
};
// Control, format and filler characters. U+2424 is here because old marked.js makes a newline of it.
constexpr std::array<Range, 19> kHidden = {{{0x00, 0x1F},
                                            {0x7F, 0x9F},
                                            {0xAD, 0xAD},
                                            {0x34F, 0x34F},
                                            {0x61C, 0x61C},
                                            {0x115F, 0x1160},
                                            {0x17B4, 0x17B5},
                                            {0x180B, 0x180F},
                                            {0x200B, 0x200F},
                                            {0x2028, 0x202E},
                                            {0x2060, 0x206F},
                                            {0x2424, 0x2424},
                                            {0x3164, 0x3164},
                                            {0xFEFF, 0xFEFF},
                                            {0xFFA0, 0xFFA0},
                                            {0xFFF9, 0xFFFB},
                                            {0x1BCA0, 0x1BCA3},
                                            {0x1D173, 0x1D17A},
                                            {0xE0000, 0xE0FFF}}};

// Marks that stand above or below the character before them: many of them run over the lines around.
constexpr std::array<Range, 9> kMarks = {{{0x300, 0x36F},
                                          {0x483, 0x489},
                                          {0x64B, 0x65F},
                                          {0xE34, 0xE3A},
                                          {0xE47, 0xE4E},
                                          {0x1AB0, 0x1AFF},
                                          {0x1DC0, 0x1DFF},
                                          {0x20D0, 0x20FF},
                                          {0xFE20, 0xFE2F}}};
constexpr std::size_t kMostMarks = 3;  // on one character: more than any script needs

// Schemes that clients make links of without "//" behind them.
constexpr std::array<std::string_view, 7> kSchemes = {"mailto", "xmpp",       "tel",     "sms",
                                                      "dtmd",   "javascript", "dingtalk"};

// Each with what looks like it, which clients may take for it.
constexpr std::array<std::string_view, 3> kAts = {"@", "＠", "﹫"};
constexpr std::array<std::string_view, 2> kSlashes = {"/", "／"};
constexpr std::array<std::string_view, 4> kStops = {".", "．", "。", "｡"};
constexpr std::array<std::string_view, 2> kColons = {":", "："};

// What our own counts stand behind (" ×3", " · 12 hits"), with what looks like it.
constexpr std::array<std::string_view, 7> kCountMarks = {"×", "⨯", "·", "\u0387", "‧", "∙", "⋅"};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t code) {
  return std::ranges::any_of(ranges, [&](Range range) { return code >= range.first && code <= range.last; });
}

// Both for well-formed UTF-8 only.
std::size_t character_size(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return 1;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

char32_t code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0);
  char32_t code = byte(0) & (0x7FU >> character.size());
  for (std::size_t i = 1; i < character.size(); ++i) code = (code << 6U) | (byte(i) & 0x3FU);
  return code;
}

std::string shown(char32_t code) {
  const char* format = code < 0x100 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x";
  std::array<char, 16> out{};
  std::snprintf(out.data(), out.size(), format, static_cast<unsigned>(code));
  return out.data();
}

bool ends_with_word(std::string_view text, std::string_view lower_case_word) {
  if (text.size() < lower_case_word.size()) return false;
  return std::ranges::equal(text.substr(text.size() - lower_case_word.size()), lower_case_word,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

// Where in `line` the mark stands that would begin a heading, a list, a setext underline or a table.
std::size_t block_mark(std::string_view line) {
  if (line.empty()) return kNone;
  if (std::string_view("#+-=:").find(line.front()) != kNone) return 0;
  const auto end = line.find_first_not_of("0123456789");
  if (end == 0 || end == kNone || (line[end] != '.' && line[end] != ')')) return kNone;
  return end + 1 == line.size() || line[end + 1] == ' ' ? end : kNone;
}

template <std::size_t N>
bool starts_with_any(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.starts_with(word); });
}

// True where a client that makes links of bare text must be stopped between the two.
bool makes_link(std::string_view before, std::string_view next) {
  if (starts_with_any(next, kSlashes))
    return std::ranges::any_of(kSlashes, [&](std::string_view slash) { return before.ends_with(slash); });
  if (starts_with_any(next, kStops)) return ends_with_word(before, "www");
  return starts_with_any(next, kColons) && std::ranges::any_of(kSchemes, [&](std::string_view scheme) {
           return ends_with_word(before, scheme);
         });
}

bool ends_with_at(std::string_view text) {
  return std::ranges::any_of(kAts, [&](std::string_view at) { return text.ends_with(at); });
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '\\':
    case '`':
    case '*':
    case '_':
    case '[':
    case ']':
    case '~':
    case '|':
      out += '\\';
      [[fallthrough]];
    default:
      out += c;
  }
}

}  // namespace

std::string plain(std::string_view text) {
  const std::string valid = base::to_utf8(text);
  std::string out;
  out.reserve(valid.size());
  std::size_t marks = 0;  // behind one another so far
  for (std::string_view rest = valid; !rest.empty();) {
    const auto character = rest.substr(0, character_size(rest));
    const char32_t code = code_point(character);
    marks = is_in(kMarks, code) ? marks + 1 : 0;
    if (code == '\n' || code == '\r' || code == '\t') {
      out += ' ';
    } else if (is_in(kHidden, code) || marks > kMostMarks) {
      out += shown(code);
    } else {
      out += character;
    }
    rest.remove_prefix(character.size());
  }
  return out;
}

void part_link(std::string& out, std::string_view next) {
  if (makes_link(out, next)) out += kZeroWidthSpace;
}

void append_markdown(std::string& out, std::string_view text) {
  const std::string flat = plain(text);
  std::string_view line = flat;
  line = line.substr(0, line.find_last_not_of(' ') + 1);  // two blanks at the end would break the line
  if (ends_with_at(out) || out.ends_with('&') || out.ends_with('\\')) out += kZeroWidthSpace;
  while (line.starts_with(' ') || line.starts_with(kNoBreakSpace)) {
    line.remove_prefix(line.front() == ' ' ? 1 : kNoBreakSpace.size());
    out += kNoBreakSpace;  // four blanks would make code
  }
  const auto mark = block_mark(line);
  for (std::size_t at = 0; at < line.size(); ++at) {
    part_link(out, line.substr(at));
    const bool closes_heading = line[at] == '#' && at + 1 == line.size();
    if (at == mark || closes_heading) out += '\\';
    append_escaped(out, line[at]);
    if (ends_with_at(out)) out += kZeroWidthSpace;
  }
}

std::string escape_markdown(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  append_markdown(out, text);
  return out;
}

std::string brief(std::string_view text, std::size_t bytes) {
  std::string out = plain(base::utf8_prefix(text, bytes));
  const auto kept = base::utf8_prefix(out, bytes);
  if (kept.size() == out.size() && text.size() <= bytes) return out;
  return std::string(kept) + "…";
}

std::string foreign(std::string_view text, std::size_t bytes) {
  std::string out = brief(text, bytes);
  for (const auto mark : kCountMarks) out = base::replace_all(std::move(out), mark, "\\" + std::string(mark));
  return brief(out, bytes);
}

}  // namespace dingtail::format
