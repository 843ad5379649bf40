#include "format/markdown.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "format/escape.h"
#include "format/facts.h"
#include "format/mention.h"
#include "format/page.h"
#include "format/words.h"

namespace dingtail::format {
namespace {

constexpr std::size_t kLineBytes = 1000;
constexpr std::size_t kRunbookBytes = 1000;
constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kHex = "0123456789ABCDEF";

std::string state_word(const alert::Report& report, const config::Rule& rule, config::Language language) {
  const bool resolved = report.event == config::EventKind::kResolved;
  return say(resolved ? Word::kResolved : word_for(rule.severity), language);
}

std::string title(const alert::Report& report, const config::Rule& rule, const Facts& said,
                  config::Language language) {
  if (!said.title.empty()) return said.title;
  std::string out = "[" + state_word(report, rule, language) + "] ";
  if (!said.host.empty()) out += brief(said.host, kTitleHostBytes) + " ";
  return out + counted(said, shorten(said.summary, kTitleCharacters - out.size()));
}

std::string_view emoji(const alert::Report& report, const config::Rule& rule) {
  return report.event == config::EventKind::kResolved ? kResolvedEmoji : emoji_for(rule.severity);
}

std::string heading(const alert::Report& report, const config::Rule& rule, std::string_view summary,
                    std::string_view count, config::Language language) {
  std::string out(emoji(report, rule));
  out.append(" ").append(state_word(report, rule, language)).append(kDot).append(summary).append(count);
  if (report.event == config::EventKind::kRepeat)
    out.append(kDot).append(say(Word::kStillFiring, language, report.total));
  if (report.event == config::EventKind::kResolved)
    out.append(kDot)
        .append(say(Word::kAfter, language))
        .append(duration(report))
        .append(kDot)
        .append(say(Word::kInTotal, language, report.total));
  return out;
}

// The host, and as many of the labels as `bytes` of JSON hold.
std::string labels_line(const Facts& said, std::size_t bytes, config::Language language) {
  std::string out = said.host.empty() ? "" : "**" + escape_markdown(said.host) + "**";
  const auto add = [&](const std::string& piece) { out += out.empty() ? piece : std::string(kDot) + piece; };
  for (std::size_t i = 0; i < said.labels.size(); ++i) {
    const std::string label = escape_markdown(said.labels[i]);
    const std::string more = say(Word::kMore, language, said.labels.size() - i);
    if (cost(out) + cost(label) + cost(more) + 3 * kDot.size() > bytes) {
      add(more);
      break;
    }
    add(label);
  }
  return out;
}

std::vector<std::pair<Word, std::string>> listed(const Facts& said) {
  std::vector<std::pair<Word, std::string>> out = {{Word::kTime, said.time}, {Word::kRule, said.rule}};
  if (!said.file.empty()) out.emplace_back(Word::kFile, said.file);
  return out;
}

std::string markdown_list(const Facts& said, config::Language language) {
  std::string out;
  for (const auto& [word, value] : listed(said)) {
    out += out.empty() ? "- **" : "\n- **";
    out += say(word, language) + "**: " + escape_markdown(value);
  }
  return out;
}

// How much of a sample is shown.
struct Detail {
  std::size_t lines;
  std::size_t bytes;
};

// Our own words stand in italics, which a record cannot do.
std::string quote(const alert::Sample& sample, Detail detail, config::Language language) {
  const Lines shown = lines(sample.record, detail.lines, detail.bytes);
  std::string out;
  for (const auto& line : shown.first)
    out += out.empty() ? "> " + escape_markdown(line) + times(sample.count)
                       : std::string(kNextLine) + escape_markdown(line);
  if (shown.more > 0) out.append(kNextLine).append("*" + say(Word::kMoreLines, language, shown.more) + "*");
  return out;
}

bool write_sample(Page& page, const alert::Sample& sample, std::size_t most_lines,
                  config::Language language) {
  const std::array<Detail, 4> details = {{{most_lines, kLineBytes}, {most_lines, 250}, {1, 250}, {1, 80}}};
  return std::ranges::any_of(
      details, [&](Detail detail) { return page.write_if_it_fits(quote(sample, detail, language)); });
}

// The hits of the report that `shown` samples do not tell of, in words; empty if there are none.
std::string more_hits(const alert::Report& report, std::uint64_t shown, config::Language language) {
  if (report.samples.empty() || report.count <= shown) return {};
  return say(Word::kMoreHits, language, report.count - shown);
}

void write_samples(Page& page, const alert::Report& report, const config::Rule& rule,
                   config::Language language) {
  std::uint64_t shown = 0;
  for (const auto& sample : report.samples) {
    if (!write_sample(page, sample, std::max<std::size_t>(rule.samples.lines, 1), language)) break;
    shown += sample.count;
  }
  page.write(more_hits(report, shown, language));
}

// The rule's runbook as a link, its address made safe to stand in one. Only the web's addresses.
std::string runbook_link(const std::string& url, config::Language language) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) return {};
  std::string safe;
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && std::string_view("()<>\"\\`").find(c) == kNone) {
      safe += c;
    } else {
      safe.append("%").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 0xFU]);
    }
  }
  return safe.size() > kRunbookBytes ? "" : "[" + say(Word::kRunbook, language) + "](" + safe + ")";
}

std::string markdown(const alert::Report& report, const config::Rule& rule, const Style& style,
                     const Facts& said, const Message& head) {
  Page page(style.max_body_bytes, head);
  const std::string heading_line =
      "#### " + heading(report, rule, said.summary_markdown, said.count, style.language);
  const std::string list = markdown_list(said, style.language);
  const std::string runbook = runbook_link(rule.runbook, style.language);
  const std::string keyword = style.keywords.empty() ? "" : style.keywords.front();
  const std::string mentions = tokens(head.at);
  const std::string more = more_hits(report, 0, style.language);
  for (const auto& always : {heading_line, list, more, runbook, keyword, mentions}) page.reserve(always);

  const std::string labels = labels_line(said, page.room(), style.language);
  page.reserve(labels);
  page.write(heading_line);
  page.write(labels);
  page.write(list);
  write_samples(page, report, rule, style.language);
  page.write(runbook);
  if (!has_any(style.keywords, head.title, page.text())) page.write(keyword);
  page.write(mentions);
  return page.text();
}

std::string for_terminal(const alert::Report& report, const config::Rule& rule, const Facts& said,
                         config::Language language) {
  std::string out = heading(report, rule, said.summary, said.count, language);
  std::string labels = said.host;
  for (const auto& label : said.labels) labels += labels.empty() ? label : std::string(kDot) + label;
  if (!labels.empty()) out += "\n  " + labels;
  for (const auto& [word, value] : listed(said)) out += "\n  " + say(word, language) + ": " + value;
  std::uint64_t shown = 0;
  for (const auto& sample : report.samples) {
    const Lines text = lines(sample.record, std::max<std::size_t>(rule.samples.lines, 1), kLineBytes);
    for (const auto& line : text.first)
      out += "\n    " + line + (&line == &text.first.front() ? times(sample.count) : "");
    if (text.more > 0) out += "\n    " + say(Word::kMoreLines, language, text.more);
    shown += sample.count;
  }
  const std::string more = more_hits(report, shown, language);
  return more.empty() ? out : out + "\n  " + more;
}

}  // namespace

Message message(const alert::Report& report, const RuleText& text, const Style& style, base::Now now) {
  const config::Rule& rule = text.rule();
  const Facts said = facts(report, text, style.language, now);
  Message out;
  out.title = title(report, rule, said, style.language);
  out.at = called(style.mention, report.event);
  out.text = markdown(report, rule, style, said, out);
  out.plain = for_terminal(report, rule, said, style.language);
  return out;
}

}  // namespace dingtail::format
