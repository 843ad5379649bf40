#include "format/facts.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "format/escape.h"
#include "format/page.h"
#include "format/words.h"

namespace dingtail::format {
namespace {

constexpr std::size_t kSummaryBytes = 500;
constexpr std::size_t kValueBytes = 200;
constexpr std::size_t kPathBytes = 300;
constexpr std::string_view kLabels = "labels.";
constexpr std::string_view kEnvironment = "env:";

template <class Map>
std::string value_or_empty(const Map& map, std::string_view name) {
  const auto found =
      std::ranges::find(map, name, [](const auto& entry) { return std::string_view(entry.first); });
  return found == map.end() ? std::string{} : found->second;
}

std::string day(base::Wall at) {
  return base::print_date_time(at).substr(0, 10);
}

// With the date where it is not today's.
std::string moment(base::Wall at, base::Now now) {
  return day(at) == day(now.wall) ? base::print_clock(at) : base::print_date_time(at);
}

std::string all_samples(const alert::Report& report) {
  std::string out;
  for (const auto& sample : report.samples) {
    out += base::utf8_prefix(sample.record, kValueBytes);
    out += '\n';
  }
  return out;
}

// The variables that every rule has. `context` is empty until rules can ask for it.
struct Variable {
  std::string_view name;
  std::string (*value)(const alert::Report&, const config::Rule&, base::Now);
};
using Report = alert::Report;
using Rule = config::Rule;
constexpr std::array<Variable, 16> kVariables = {{
    {"rule", [](const Report&, const Rule& rule, base::Now) { return rule.name; }},
    {"severity",
     [](const Report&, const Rule& rule, base::Now) { return std::string(name_of(rule.severity)); }},
    {"event",
     [](const Report& report, const Rule&, base::Now) { return std::string(name_of(report.event)); }},
    {"count", [](const Report& report, const Rule&, base::Now) { return std::to_string(report.count); }},
    {"total", [](const Report& report, const Rule&, base::Now) { return std::to_string(report.total); }},
    {"first", [](const Report& report, const Rule&, base::Now now) { return moment(report.first, now); }},
    {"last", [](const Report& report, const Rule&, base::Now now) { return moment(report.last, now); }},
    {"duration", [](const Report& report, const Rule&, base::Now) { return duration(report); }},
    {"host",
     [](const Report& report, const Rule&, base::Now) { return value_or_empty(report.labels, "host"); }},
    {"path", [](const Report& report, const Rule&, base::Now) { return report.last_hit.path; }},
    {"source", [](const Report& report, const Rule&, base::Now) { return report.last_hit.source; }},
    {"line", [](const Report& report, const Rule&, base::Now) { return report.last_hit.record; }},
    {"samples", [](const Report& report, const Rule&, base::Now) { return all_samples(report); }},
    {"context", [](const Report&, const Rule&, base::Now) { return std::string{}; }},
    {"id", [](const Report& report, const Rule&, base::Now) { return report.id; }},
    {"runbook", [](const Report&, const Rule& rule, base::Now) { return rule.runbook; }},
}};

std::string value_of(std::string_view name, const alert::Report& report, const RuleText& text,
                     base::Now now) {
  const auto own = std::ranges::find(kVariables, name, &Variable::name);
  if (own != kVariables.end()) return own->value(report, text.rule(), now);
  if (name.starts_with(kLabels)) return value_or_empty(report.labels, name.substr(kLabels.size()));
  if (name.starts_with(kEnvironment))
    return text.environment()(name.substr(kEnvironment.size())).value_or(std::string{});
  return value_or_empty(report.last_hit.fields, name);
}

std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return std::string(base::trim(text));
}

// In plain text, as much of it as a conversation list shows.
std::string title_of(const alert::Report& report, const Template* title, const Values& values) {
  if (title == nullptr) return {};
  const std::string whole = one_line(title->render(values, Escape::kPlain));
  std::string out = shorten(whole, kTitleCharacters);
  return out != whole && title->uses("count") ? out + times(report.count) : out;
}

std::vector<std::string> label_values(const alert::Report& report, const Rule& rule,
                                      const Template* summary) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (summary != nullptr && (summary->uses(name) || summary->uses("labels." + name))) return;
    std::string shown = foreign(base::trim(value), kValueBytes);
    if (!shown.empty()) out.push_back(std::move(shown));
  };
  for (const auto& [name, value] : report.labels)
    if (name != "host") add(name, value);
  for (std::size_t i = 0; i < std::min(rule.group_by.size(), report.group.size()); ++i)
    if (!report.labels.contains(rule.group_by[i].value)) add(rule.group_by[i].value, report.group[i]);
  return out;
}

}  // namespace

Facts facts(const alert::Report& report, const RuleText& text, config::Language language, base::Now now) {
  const Rule& rule = text.rule();
  const Template* summary = text.summary(language);
  const Values values = [&](std::string_view name) {
    return foreign(base::trim(value_of(name, report, text, now)), kValueBytes);
  };
  Facts out;
  if (summary != nullptr) {
    out.summary = one_line(summary->render(values, Escape::kPlain));
    out.summary_markdown = one_line(summary->render(values, Escape::kMarkdown));
  }
  const bool cut = out.summary.size() > kSummaryBytes;
  if (out.summary.empty() || cut) {
    out.summary = brief(out.summary.empty() ? rule.name : out.summary, kSummaryBytes);
    out.summary_markdown = escape_markdown(out.summary);
  }
  const bool told = summary != nullptr && summary->uses("count");
  const bool total_says_it = report.event == config::EventKind::kResolved && report.count == report.total;
  if (told || !total_says_it) out.count_if_cut = times(report.count);
  if (!told || cut) out.count = out.count_if_cut;
  out.title = title_of(report, text.title(language), values);
  out.host = foreign(base::trim(value_or_empty(report.labels, "host")), kValueBytes);
  out.labels = label_values(report, rule, summary);
  out.time = time_range(report.first, report.last, now);
  out.rule = brief(rule.name, kValueBytes);
  out.file = foreign(report.last_hit.path, kPathBytes);
  return out;
}

std::string counted(const Facts& said, const std::string& summary) {
  return summary + (summary == said.summary ? said.count : said.count_if_cut);
}

std::string time_range(base::Wall first, base::Wall last, base::Now now) {
  const bool one_day = day(first) == day(last);
  std::string out = one_day ? moment(first, now) : base::print_date_time(first);
  if (base::print_date_time(first) != base::print_date_time(last))
    out += "–" + (one_day ? base::print_clock(last) : base::print_date_time(last));
  return out + " " + base::print_zone(last);
}

std::string times(std::uint64_t count) {
  return count > 1 ? " ×" + grouped(count) : std::string{};
}

std::string duration(const alert::Report& report) {
  return base::print_duration(std::chrono::floor<std::chrono::seconds>(report.last - report.since));
}

Lines lines(std::string_view record, std::size_t most, std::size_t bytes) {
  Lines out;
  for (const auto line : base::split(record, '\n')) {
    if (base::trim(line).empty()) continue;
    if (out.first.size() == most) {
      ++out.more;
    } else {
      out.first.push_back(foreign(line.substr(0, line.find_last_not_of(" \t\r") + 1), bytes));
    }
  }
  return out;
}

}  // namespace dingtail::format
