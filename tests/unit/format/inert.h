// Whether a text that was made harmless is text and nothing else: judged by a CommonMark parser, and by marks
// that clients make something of which CommonMark does not know (mentions, bare links).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/text.h"
#include "format/escape.h"
#include "parsed.h"

namespace dingtail::format {

inline constexpr std::string_view kBreak = "\xE2\x80\x8B";  // U+200B

// True where an @ of the text calls somebody.
inline bool mentions(std::string_view text) {
  for (const std::string_view mark : {"@", "\xEF\xBC\xA0", "\xEF\xB9\xAB"})  // U+FF20 and U+FE6B look alike
    for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1))
      if (!text.substr(at + mark.size()).starts_with(kBreak)) return true;
  return false;
}

// True where a client that makes links of bare text finds one.
inline bool links(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::array kLinks = {"//",    "／／",  "/／",     "／/",         "www.",      "www．",
                                 "www。", "www｡",  "mailto:", "mailto：",    "xmpp:",     "tel:",
                                 "sms:",  "dtmd:", "dtmd：",  "javascript:", "dingtalk:", "dingtalk："};
  for (const char* link : kLinks)
    if (lower.find(link) != std::string::npos) return true;
  return false;
}

// True where the text holds a character that turns the direction of its neighbours.
inline bool turns(std::string_view text) {
  constexpr std::array kTurns = {"\xD8\x9C",     "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xAA",
                                 "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE",
                                 "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9"};
  for (const char* turn : kTurns)
    if (text.find(turn) != std::string_view::npos) return true;
  return false;
}

// What a reader sees of a rendered text: without the breaks that show nothing, blanks all alike.
inline std::string seen(std::string text) {
  return base::replace_all(base::replace_all(std::move(text), kBreak, ""), "\xC2\xA0", " ");
}

// What `markdown`, made of `text` and standing in a line of its own, is beside the same text; empty: nothing.
inline std::string why_not_inert(std::string_view text, const std::string& markdown) {
  Parsed parsed = parse_markdown(markdown);
  const int paragraphs = parsed.nodes["paragraph"];
  parsed.nodes.erase("paragraph");
  parsed.nodes.erase("text");
  if (!parsed.nodes.empty()) return "makes a " + parsed.nodes.begin()->first;
  if (paragraphs > 1) return "makes paragraphs";
  const std::string as_plain = plain(text);
  if (seen(parsed.text) != seen(as_plain.substr(0, as_plain.find_last_not_of(' ') + 1)))
    return "does not read as written";
  if (mentions(markdown)) return "mentions";
  if (links(markdown)) return "links";
  if (turns(markdown)) return "turns the text";
  if (markdown.find_first_of("\n\r") != std::string::npos) return "has a newline";
  return base::is_utf8(markdown) ? "" : "is not UTF-8";
}

}  // namespace dingtail::format
