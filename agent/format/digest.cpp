#include "format/digest.h"

#include <algorithm>
#include <array>

#include "format/escape.h"
#include "format/facts.h"
#include "format/mention.h"
#include "format/page.h"
#include "format/words.h"

namespace dingtail::format {
namespace {

using config::EventKind;
using config::Language;
using config::Severity;
using LinePointers = std::span<const DigestLine* const>;

constexpr std::size_t kTextBytes = 200;
constexpr std::size_t kLabelBytes = 64;
constexpr std::size_t kLabelsBytes = 1000;
constexpr std::string_view kItem = "\n- ";
constexpr std::array kSections = {Word::kCritical, Word::kError, Word::kWarning, Word::kInfo,
                                  Word::kResolved};

Word section_of(const DigestLine& line) {
  const bool resolved = line.event == EventKind::kResolved && !line.of_rule;
  return resolved ? Word::kResolved : word_for(line.severity);
}

struct Counts {
  std::uint64_t alerts = 0;
  std::uint64_t criticals = 0;
  std::uint64_t resolved = 0;
  std::uint64_t hits = 0;
};

Counts counts_of(LinePointers lines) {
  Counts out;
  for (const auto* line : lines) {
    out.alerts += line->alerts;
    out.criticals += line->severity == Severity::kCritical ? line->alerts : 0;
    out.resolved += line->resolved;
    out.hits += line->hits;
  }
  return out;
}

std::string join_words(std::initializer_list<std::string> words) {
  std::string out;
  for (const auto& word : words)
    if (!word.empty()) out += (out.empty() ? "" : std::string(kDot)) + word;
  return out;
}

// In words; nothing of what there is none of.
std::string some(Word word, Language language, std::uint64_t n) {
  return n == 0 ? "" : say(word, language, n);
}

std::string what(const Counts& counts, Language language) {
  return join_words(
      {some(Word::kAlerts, language, counts.alerts), some(Word::kCriticals, language, counts.criticals),
       some(Word::kEnded, language, counts.resolved), some(Word::kHits, language, counts.hits)});
}

std::string line_text(const DigestLine& line, Language language) {
  if (!line.of_rule && !line.text.empty()) return escape_markdown(line.text);
  const Counts counts = counts_of(std::array{&line});
  return escape_markdown(brief(line.rule, kTextBytes)) + std::string(kDot) +
         what({counts.alerts, 0, counts.resolved, counts.hits}, language);
}

std::string minute(base::Wall at) {
  return base::print_clock(at).substr(0, 5);
}

// "10:31–10:36 +08:00", with dates where not all of it is of today.
std::string time_of(LinePointers lines, base::Now now) {
  const auto earlier = [](const auto* one, const auto* other) { return one->first < other->first; };
  const auto sooner = [](const auto* one, const auto* other) { return one->last < other->last; };
  const auto first = (*std::ranges::min_element(lines, earlier))->first;
  const auto last = (*std::ranges::max_element(lines, sooner))->last;
  const auto day = [](base::Wall at) { return base::print_date_time(at).substr(0, 10); };
  const bool today = day(first) == day(now.wall) && day(last) == day(now.wall);
  const auto moment = [&](base::Wall at) { return (today ? "" : day(at) + " ") + minute(at); };
  std::string out = moment(first);
  if (moment(last) != out) out += "–" + moment(last);
  return out + " " + base::print_zone(last);
}

std::string labels_line(const DigestStyle& style, const std::string& time) {
  std::string out;
  for (const auto& label : style.labels) {
    const auto shown = escape_markdown(foreign(label, kLabelBytes));
    if (shown.empty() || out.size() + shown.size() > kLabelsBytes) continue;
    out += out.empty() ? "**" + shown + "**" : std::string(kDot) + shown;
  }
  return out + (out.empty() ? "" : std::string(kDot)) + time;
}

std::string section_heading(Word section, LinePointers lines, Language language) {
  const Counts counts = counts_of(lines);
  const auto number = counts.alerts > 0 ? counts.alerts : counts.resolved;
  return "**" + say(section, language) + " " + grouped(number) + "**";
}

std::string footer(LinePointers later, Language language) {
  const Counts counts = counts_of(later);
  const auto alerts = counts.alerts + counts.resolved;
  return later.empty() ? say(Word::kMerged, language) : say(Word::kMergedMore, language, alerts);
}

Severity worst(LinePointers lines) {
  return (*std::ranges::max_element(lines, {}, [](const auto* line) { return line->severity; }))->severity;
}

std::string heading(LinePointers lines, Language language) {
  const Counts counts = counts_of(lines);
  const auto emoji = counts.alerts == 0 && counts.resolved > 0 ? kResolvedEmoji : emoji_for(worst(lines));
  return "#### " + std::string(emoji) + " " + what(counts, language);
}

std::string title(LinePointers lines, const DigestStyle& style) {
  const Counts counts = counts_of(lines);
  const bool over = counts.alerts == 0 && counts.resolved > 0;
  std::string out = "[" + say(over ? Word::kResolved : word_for(worst(lines)), style.language) + "] ";
  if (!style.labels.empty()) out += foreign(style.labels.front(), kTitleHostBytes) + " ";
  return shorten(out + what(counts, style.language), kTitleCharacters);
}

std::size_t people_cost(const At& at) {
  std::size_t out = cost("\n\n") + cost(tokens(at));
  for (const auto* names : {&at.mobiles, &at.user_ids})
    for (const auto& name : *names) out += cost(name) + 3;  // in the object: quoted, and a comma
  return out;
}

// How many of the lines fit, and whom these call.
std::size_t fitting(LinePointers lines, const DigestStyle& style, std::size_t room, At& people) {
  std::size_t used = 0;
  std::size_t told = 0;
  for (const auto* line : lines) {
    At with = people;
    const bool called = add_people(with, line->people);
    used += cost(kItem) + cost(line_text(*line, style.language));
    if (told > 0 && (!called || used + people_cost(with) > room)) break;
    people = std::move(with);
    ++told;
  }
  return told;
}

// Its lines stand together by section; within one, in the order in which they are given.
void write_sections(Page& page, LinePointers lines, const DigestStyle& style) {
  for (const auto section : kSections) {
    std::vector<const DigestLine*> in;
    for (const auto* line : lines)
      if (section_of(*line) == section) in.push_back(line);
    if (in.empty()) continue;
    page.write(section_heading(section, in, style.language));
    std::string list;
    for (const auto* line : in) {
      list += list.empty() ? kItem.substr(1) : kItem;
      list += line_text(*line, style.language);
    }
    page.write(list);
  }
}

}  // namespace

DigestLine digest_line(const alert::Report& report, const RuleText& text, Language language,
                       const config::Mention& mention, base::Now now) {
  const Facts said = facts(report, text, language, now);
  DigestLine out;
  out.rule = text.rule().name;
  out.text = counted(said, brief(said.summary, kTextBytes));
  out.severity = text.rule().severity;
  out.event = report.event;
  out.alerts = report.event == EventKind::kResolved ? 0 : 1;
  out.resolved = 1 - out.alerts;
  out.hits = report.count;
  out.first = report.first;
  out.last = report.last;
  out.people = called(mention, report.event);
  return out;
}

// The messages of one alert are one alert: its first one counts it. Where that was told before, it is counted
// at least as one.
void merge(DigestLine& rules, const DigestLine& line) {
  const bool counted = !line.of_rule && line.event == EventKind::kRepeat && rules.alerts > 0;
  const bool fresh = rules.alerts + rules.resolved + rules.hits == 0;
  rules.alerts += counted ? 0 : line.alerts;
  rules.resolved += line.resolved;
  rules.hits += line.hits;
  rules.severity = fresh ? line.severity : std::max(rules.severity, line.severity);
  rules.first = fresh ? line.first : std::min(rules.first, line.first);
  rules.last = fresh ? line.last : std::max(rules.last, line.last);
  add_people(rules.people, line.people);
}

int order_of(const DigestLine& line) {
  const auto sections = static_cast<int>(kSections.size());
  return (line.of_rule ? sections : 0) +
         static_cast<int>(std::ranges::find(kSections, section_of(line)) - kSections.begin());
}

std::size_t cost(const DigestLine& line) {
  return cost(kItem) + cost(escape_markdown(line.text));
}

Digest digest(LinePointers lines, const DigestStyle& style, base::Now now) {
  const std::string keyword = style.keywords.empty() ? "" : style.keywords.front();
  Digest out;
  out.message.title = title(lines, style);
  // What all lines take beside themselves; some of them take no more, but for a severity's longer name.
  Page frame(style.max_body_bytes, out.message);
  for (const auto& always : {heading(lines, style.language), labels_line(style, time_of(lines, now)),
                             footer(lines, style.language), keyword, title(lines, style)})
    frame.reserve(always);
  for (const auto section : kSections) frame.reserve(section_heading(section, lines, style.language));
  out.told = fitting(lines, style, frame.room(), out.message.at);

  const auto told = lines.first(out.told);
  out.message.title = title(told, style);
  Page page(style.max_body_bytes, out.message);
  page.write(heading(told, style.language));
  page.write(labels_line(style, time_of(told, now)));
  write_sections(page, told, style);
  page.write(footer(lines.subspan(out.told), style.language));
  if (!has_any(style.keywords, out.message.title, page.text())) page.write(keyword);
  page.write(tokens(out.message.at));
  out.message.text = page.text();
  return out;
}

}  // namespace dingtail::format
