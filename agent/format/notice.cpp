#include "format/notice.h"

#include <algorithm>
#include <span>

#include "base/text.h"
#include "format/escape.h"
#include "format/facts.h"
#include "format/page.h"
#include "format/words.h"

namespace dingtail::format {
namespace {

constexpr std::string_view kName = "dingtail";
constexpr std::size_t kShownOfAnEvent = 5;
constexpr std::size_t kDetailLines = 4;
constexpr std::size_t kSubjectBytes = 300;
constexpr std::size_t kDetailBytes = 500;

using Troubles = std::span<const Trouble>;

// One part for each event.
std::vector<Troubles> by_event(Troubles all) {
  std::vector<Troubles> out;
  while (!all.empty()) {
    const auto end =
        std::ranges::find_if(all, [&](const Trouble& trouble) { return trouble.event != all.front().event; });
    const auto size = static_cast<std::size_t>(end - all.begin());
    out.push_back(all.first(size));
    all = all.subspan(size);
  }
  return out;
}

// "file cannot be read ×3 · state cannot be written"
std::string what(const std::vector<Troubles>& events, config::Language language) {
  std::string out;
  for (const auto& troubles : events) {
    if (!out.empty()) out += kDot;
    out += say(troubles.front().event, language) + times(troubles.size());
  }
  return out;
}

std::string time_of(Troubles troubles, base::Now now) {
  const auto first = std::ranges::min(troubles, {}, &Trouble::first).first;
  const auto last = std::ranges::max(troubles, {}, &Trouble::last).last;
  return time_range(first, last, now);
}

// What is shown of one trouble, line by line: plain text, but for our own last word.
struct Shown {
  std::vector<std::string> lines;
  std::string more;  // may be empty
};

Shown shown(const Trouble& trouble, config::Language language) {
  Shown out;
  std::string head = foreign(trouble.subject, kSubjectBytes);
  if (trouble.bytes > 0)
    head += (head.empty() ? "" : std::string(kDot)) + say(Word::kBytes, language, trouble.bytes);
  if (!head.empty()) out.lines.push_back(std::move(head));
  for (const auto& detail : trouble.details)
    for (auto& line : lines(detail, kDetailLines, kDetailBytes).first) out.lines.push_back(std::move(line));
  if (trouble.more_details > 0) out.more = say(Word::kMore, language, trouble.more_details);
  return out;
}

std::string quote(const Trouble& trouble, config::Language language) {
  const Shown text = shown(trouble, language);
  std::string out;
  for (const auto& line : text.lines)
    out += (out.empty() ? "> " : std::string(kNextLine)) + escape_markdown(line);
  if (!text.more.empty()) out += std::string(kNextLine) + "*" + text.more + "*";
  return out;
}

std::string event_line(const Troubles& troubles) {
  return "**" + std::string(base::name_of(troubles.front().event)) + "**";
}

void write_event(Page& page, const Troubles& troubles, config::Language language) {
  page.write(event_line(troubles));
  std::size_t written = 0;
  while (written < std::min(troubles.size(), kShownOfAnEvent) &&
         page.write_if_it_fits(quote(troubles[written], language)))
    ++written;
  if (written < troubles.size()) page.write(say(Word::kMore, language, troubles.size() - written));
}

std::string markdown(const std::vector<Troubles>& events, const std::string& heading, std::string_view host,
                     const std::string& time, const Style& style, const Message& head) {
  Page page(style.max_body_bytes, head);
  const std::string heading_line = "#### " + heading;
  const std::string host_line = host.empty() ? "" : "**" + escape_markdown(host) + "**";
  const std::string time_line = "- **" + say(Word::kTime, style.language) + "**: " + time;
  const std::string keyword = style.keywords.empty() ? "" : style.keywords.front();
  for (const auto& always : {heading_line, host_line, time_line, keyword}) page.reserve(always);
  for (const auto& troubles : events) {
    page.reserve(event_line(troubles));
    page.reserve(say(Word::kMore, style.language, troubles.size()));
  }
  page.write(heading_line);
  page.write(host_line);
  page.write(time_line);
  for (const auto& troubles : events) write_event(page, troubles, style.language);
  if (!has_any(style.keywords, head.title, page.text())) page.write(keyword);
  return page.text();
}

std::string for_terminal(const std::vector<Troubles>& events, const std::string& heading,
                         std::string_view host, const std::string& time, config::Language language) {
  std::string out = heading;
  if (!host.empty()) out += "\n  " + std::string(host);
  out += "\n  " + say(Word::kTime, language) + ": " + time;
  for (const auto& troubles : events) {
    out += "\n  " + std::string(base::name_of(troubles.front().event));
    const std::size_t most = std::min(troubles.size(), kShownOfAnEvent);
    for (const auto& trouble : troubles.first(most)) {
      const Shown text = shown(trouble, language);
      for (const auto& line : text.lines) out += "\n    " + line;
      if (!text.more.empty()) out += "\n    " + text.more;
    }
    if (most < troubles.size()) out += "\n    " + say(Word::kMore, language, troubles.size() - most);
  }
  return out;
}

}  // namespace

Message notice(const std::vector<Trouble>& troubles, std::string_view host, const Style& style,
               base::Now now) {
  const auto events = by_event(troubles);
  const std::string said = what(events, style.language);
  const std::string heading = "⚠️ " + std::string(kName) + std::string(kDot) + said;
  const std::string shown_host = foreign(host, kTitleHostBytes);
  const std::string time = time_of(troubles, now);
  Message out;
  out.title = shorten("[" + std::string(kName) + "] " + shown_host + (shown_host.empty() ? "" : " ") + said,
                      kTitleCharacters);
  out.text = markdown(events, heading, shown_host, time, style, out);
  out.plain = for_terminal(events, heading, shown_host, time, style.language);
  return out;
}

}  // namespace dingtail::format
