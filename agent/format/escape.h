// Makes foreign text (log lines, captures, labels, paths) harmless before it stands in a message.
// Not for a template's own text or for configured mentions, which mean what they say.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dingtail::format {

// One line of text as itself: newlines and tabs are spaces, characters that show nothing or steer their
// neighbours (control, bidi, zero-width, towers of accents) stand as \x1b or \u202e, what is not UTF-8 as
// U+FFFD.
std::string plain(std::string_view text);

// plain(), inert in DingTalk's Markdown and in CommonMark, at the start of a line or within one: it mentions,
// links, embeds, formats and structures nothing, and reads as plain() does.
std::string escape_markdown(std::string_view text);

// Appends escape_markdown(text) to `out`, which may end in anything: the two together make nothing either.
void append_markdown(std::string& out, std::string_view text);

// Parts `out`, which ends in foreign text, from our own words that follow, where they would make a link.
void part_link(std::string& out, std::string_view next);

// plain(), cut on a character boundary to about `bytes` bytes; a cut ends in "…".
std::string brief(std::string_view text, std::size_t bytes);

// brief() of what a log says, which no reader can take for a count of ours: "\" stands before each "×" and
// "·", and what looks like them, wherever they stand: what comes next to it is not known here.
std::string foreign(std::string_view text, std::size_t bytes);

}  // namespace dingtail::format
