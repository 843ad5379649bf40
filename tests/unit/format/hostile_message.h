// A message with hostile text wherever logs have a word in it, and what harm that text did: told by a
// CommonMark parser, a JSON parser, and what clients know beyond CommonMark (inert.h).
#pragma once

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "format/digest.h"
#include "format/json.h"
#include "inert.h"
#include "reported.h"

namespace dingtail::format {

inline constexpr std::string_view kMentions = "@13800000000 @manager_8231 @all";

inline Case case_of(const std::array<std::string, 5>& texts) {
  Case c;
  c.rule.summary.by_language[config::Language::kEnglish] = located("${user}/${src:-nowhere}");
  c.rule.group_by = {located("src"), located("proc")};
  c.report.labels = {{"host", "web-" + texts[0] + "-1"}, {"env", texts[1]}, {"app", texts[2]}};
  c.report.last_hit.path = "/var/log/" + texts[1];
  c.report.last_hit.record = texts[0];
  c.report.last_hit.fields = {{"user", texts[3]}, {"src", texts[4]}, {"proc", texts[0]}};
  c.report.group = {texts[4], texts[0]};
  c.report.samples = {{texts[0], 1}, {texts[1] + "\n" + texts[2], 2}, {"x\n" + texts[3], 3}};
  c.report.count = 9;
  c.style.mention = {.mobiles = {"13800000000"}, .user_ids = {"manager_8231"}, .all = true};
  return c;
}

// How often, by what: "link", "mention", "too long" … Empty: the texts did nothing.
using Harm = std::map<std::string, int>;

inline Harm harm_of_layout(std::string_view text) {
  Parsed parsed = parse_markdown(text);
  for (const auto& [type, count] :
       std::map<std::string, int>{{"heading", 1}, {"list", 1}, {"item", 3}, {"strong", 4}})
    parsed.nodes[type] -= count;
  for (const char* own : {"block_quote", "paragraph", "text", "linebreak", "emph"}) parsed.nodes.erase(own);
  std::erase_if(parsed.nodes, [](const auto& node) { return node.second == 0; });
  return parsed.nodes;
}

// True where a number that case_of() has nowhere stands as the agent writes its own.
inline bool miscounts(std::string_view text) {
  for (const std::string_view mark : {"×", "·"})
    for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
      if (text.substr(0, at).ends_with('\\')) continue;
      const auto next = text.substr(at + mark.size());
      const bool own = std::string_view("239").find(next.front()) != std::string_view::npos &&
                       (next.substr(1).starts_with("\n") || next.substr(1).starts_with("  \n"));
      if (mark == "×" ? !own : next.starts_with(" 999 hits") || next.starts_with(" 累计 999")) return true;
    }
  return false;
}

// Beside what its layout did.
inline Harm harm_of(const Message& message, Harm out) {
  const std::string end = "\n\n" + std::string(kMentions);
  const std::string text =
      message.text.substr(0, message.text.size() - std::min(end.size(), message.text.size()));
  const std::string all = message.title + '\n' + message.text + '\n' + message.plain;
  const std::string body = body_json(message, std::string(36, 'u'));
  if (!message.text.ends_with(end)) ++out["other mention line"];
  if (mentions(text)) ++out["mention"];
  if (links(text)) ++out["bare link"];
  if (turns(all)) ++out["bidi control"];
  if (all.find('\x1b') != std::string::npos) ++out["terminal control"];
  if (message.title.find('\n') != std::string::npos) ++out["title of lines"];
  if (!base::is_utf8(body) || !nlohmann::json::accept(body)) ++out["bad JSON"];
  if (body.size() > 20'000) ++out["too long"];
  return out;
}

inline Harm harm_of(const Message& message) {
  Harm out = harm_of_layout(message.text);
  if (miscounts(message.title + '\n' + message.text + '\n' + message.plain + '\n')) ++out["count"];
  return harm_of(message, std::move(out));
}

// The digest of `lines` has a heading, a list of them and a bold word for the host and for their section.
inline Harm harm_of(const Digest& digest, int lines) {
  Harm nodes = parse_markdown(digest.message.text).nodes;
  for (const auto& [type, count] : Harm{{"heading", 1}, {"list", 1}, {"item", lines}, {"strong", 2}})
    nodes[type] -= count;
  for (const char* own : {"paragraph", "text"}) nodes.erase(own);
  std::erase_if(nodes, [](const auto& node) { return node.second == 0; });
  if (miscounts(digest.message.text)) ++nodes["count"];
  return harm_of(digest.message, std::move(nodes));
}

}  // namespace dingtail::format
