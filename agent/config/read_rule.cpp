#include <algorithm>
#include <cmath>

#include "config/read.h"

namespace dingtail::config {
namespace {

constexpr std::int64_t kMostCounted = 100'000;  // `count`: a window keeps the time of that many hits

Text read_text(TableReader& parent, std::string_view key) {
  Text text;
  const Node* node = parent.find(key);
  if (node == nullptr) return text;
  if (!std::holds_alternative<Table>(node->value)) {
    if (auto one = parent.literal(key)) text.by_language[Language::kEnglish] = std::move(*one);
    return text;
  }
  TableReader table(*node, "`" + std::string(key) + "`", parent.reading());
  if (auto english = table.literal("en")) text.by_language[Language::kEnglish] = std::move(*english);
  if (auto chinese = table.literal("zh")) text.by_language[Language::kChinese] = std::move(*chinese);
  table.finish();
  return text;
}

When read_when(TableReader& parent) {
  When when;
  const Node* node = parent.table("when");
  if (node == nullptr) return when;
  TableReader table(*node, "`when`", parent.reading());
  const auto count = table.integer("count", 1, kMostCounted);
  const auto within = table.duration("within");
  table.finish({"ratio", "min", "absent", "at", "followed_by", "not_followed_by", "distinct", "new", "memory",
                "learn", "spike"});
  const bool has_count = table.find("count") != nullptr;
  const bool has_within = table.find("within") != nullptr;
  if (has_count != has_within)
    parent.reading().problems.error(node->place, "`count` and `within` go together in `when`",
                                    "write when = { count = 5, within = \"1m\" }");
  if (within && within->count() == 0)
    parent.reading().problems.error(table.find("within")->place, "`within` must be longer than nothing");
  when.count = static_cast<std::uint32_t>(count.value_or(1));
  when.within = within.value_or(base::Millis{0});
  return when;
}

// "10:00:40", "10:00:40.5" or "10:00" as the time since midnight.
std::optional<base::Millis> parse_clock(const std::string& text) {
  unsigned hours = 0;
  unsigned minutes = 0;
  double seconds = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%2u:%2u%n:%lf%n", &hours, &minutes, &used, &seconds, &used) < 2)
    return std::nullopt;
  if (static_cast<std::size_t>(used) != text.size() || hours > 23 || minutes > 59 || seconds < 0 ||
      seconds >= 61)
    return std::nullopt;
  return std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         base::Millis(std::lround(seconds * 1000));
}

TestLine read_timed_line(const Node& node, Reading& reading) {
  TableReader table(node, "a test's line", reading);
  TestLine line;
  if (table.require("line") != nullptr)
    if (const auto text = table.literal("line")) line.text = text->value;
  if (const auto at = table.literal("at")) {
    line.at = parse_clock(at->value);
    if (!line.at)
      reading.problems.error(at->place, "`at`: \"" + at->value + "\" is not a time of day",
                             "write \"10:00:40\"");
  }
  table.finish();
  return line;
}

std::vector<TestLine> read_lines(TableReader& parent) {
  std::vector<TestLine> lines;
  const Node* node = parent.require("lines");
  if (node == nullptr) return lines;
  const auto* array = std::get_if<Array>(&node->value);
  if (array == nullptr) {
    parent.wrong_kind(*node, "lines", "a list");
    return lines;
  }
  std::optional<base::Millis> latest;
  for (const auto& item : *array) {
    if (const auto* text = std::get_if<std::string>(&item.value))
      lines.push_back({*text, std::nullopt});
    else if (std::holds_alternative<Table>(item.value))
      lines.push_back(read_timed_line(item, parent.reading()));
    else
      parent.wrong_kind(item, "lines", "a string or { at = …, line = … }");
    if (lines.empty() || !lines.back().at) continue;
    if (latest && *lines.back().at < *latest)
      parent.reading().problems.error(item.place, "`at` goes back in time",
                                      "a test's lines stand in the order they arrive");
    latest = lines.back().at;
  }
  return lines;
}

Expectation read_expectation(TableReader& parent) {
  Expectation expect;
  const Node* node = parent.require("expect");
  if (node == nullptr || parent.table("expect") == nullptr) return expect;
  TableReader table(*node, "`expect`", parent.reading());
  constexpr std::int64_t kMost = 1'000'000'000;
  if (const auto hits = table.integer("hits", 0, kMost)) expect.hits = static_cast<std::uint64_t>(*hits);
  if (const auto alerts = table.integer("alerts", 0, kMost))
    expect.alerts = static_cast<std::uint64_t>(*alerts);
  expect.captures = table.string_table("captures");
  expect.events = table.some_of<std::string>(
      "events", {{"firing", "firing"}, {"repeat", "repeat"}, {"resolved", "resolved"}});
  for (auto& text : table.literals("message_contains"))
    expect.message_contains.push_back(std::move(text.value));
  table.finish();
  return expect;
}

RuleTest read_test(const Node& node, Reading& reading) {
  TableReader table(node, "[[rule.test]]", reading);
  RuleTest test;
  test.place = table.place();
  if (auto source = table.string("source")) test.source = std::move(*source);
  if (const auto path = table.string("path")) test.path = path->value;
  test.lines = read_lines(table);
  test.advance = table.duration("advance");
  test.expect = read_expectation(table);
  table.finish();
  return test;
}

void read_patterns(TableReader& table, Rule& rule) {
  const Node* node = table.require("match");
  rule.match = table.literals("match");
  rule.exclude = table.literals("exclude");
  for (const auto& pattern : rule.match)
    if (pattern.value.empty())
      table.reading().problems.warning(pattern.place, "an empty pattern matches every record",
                                       "write what the record holds, or '.*' where every one is meant");
  const auto* list = node == nullptr ? nullptr : std::get_if<Array>(&node->value);
  if (list != nullptr && list->empty())
    table.reading().problems.error(node->place, "`match` in [[rule]] is empty",
                                   "give it at least one pattern");
}

void read_life(TableReader& table, const Defaults& defaults, Rule& rule) {
  const auto otherwise = rule.severity == Severity::kCritical ? base::Millis{0} : defaults.group_wait;
  rule.group_wait = table.duration("group_wait").value_or(otherwise);
  rule.repeat_interval = table.duration("repeat_interval").value_or(defaults.repeat_interval);
  rule.repeat_max =
      table.duration("repeat_max").value_or(std::max(defaults.repeat_max, rule.repeat_interval));
  rule.resolve_after = table.duration("resolve_after");
  if (rule.repeat_max < rule.repeat_interval)
    table.reading().problems.error(table.find("repeat_max")->place,
                                   "`repeat_max` is shorter than `repeat_interval`",
                                   "the interval doubles from the one up to the other");
}

void read_runbook(TableReader& table, Rule& rule) {
  const auto runbook = table.string("runbook");
  if (!runbook) return;
  rule.runbook = runbook->value;
  const bool web = rule.runbook.starts_with("https://") || rule.runbook.starts_with("http://");
  if (!web || rule.runbook.find_first_of(" \t\r\n()<>\"") != std::string::npos)
    table.reading().problems.error(runbook->place, "`runbook` must be an http or https link",
                                   "percent-encode blanks and parentheses in it");
}

}  // namespace

std::optional<Severity> read_severity(TableReader& table) {
  return table.one_of<Severity>("severity", {{"info", Severity::kInfo},
                                             {"warning", Severity::kWarning},
                                             {"error", Severity::kError},
                                             {"critical", Severity::kCritical}});
}

Samples read_samples(TableReader& parent, Samples samples) {
  const Node* node = parent.table("samples");
  if (node == nullptr) return samples;
  TableReader table(*node, "samples", parent.reading());
  constexpr std::int64_t kMost = 100;
  if (const auto max = table.integer("max", 0, kMost)) samples.max = static_cast<std::size_t>(*max);
  if (const auto lines = table.integer("lines", 1, kMost)) samples.lines = static_cast<std::size_t>(*lines);
  table.finish();
  return samples;
}

Defaults read_defaults(const Node& node, Reading& reading) {
  TableReader table(node, "[defaults]", reading);
  Defaults defaults;
  defaults.severity = read_severity(table).value_or(defaults.severity);
  defaults.group_wait = table.duration("group_wait").value_or(defaults.group_wait);
  defaults.repeat_interval = table.duration("repeat_interval").value_or(defaults.repeat_interval);
  defaults.repeat_max = table.duration("repeat_max").value_or(defaults.repeat_max);
  defaults.samples = read_samples(table, defaults.samples);
  table.finish({"content", "resolve_after", "expire", "context", "runbook", "template", "mode"});
  return defaults;
}

Rule read_rule(const Node& node, const Defaults& defaults, Reading& reading) {
  TableReader table(node, "[[rule]]", reading);
  Rule rule;
  rule.place = table.place();
  rule.name = table.name();
  read_patterns(table, rule);
  rule.summary = read_text(table, "summary");
  rule.title = read_text(table, "title");
  rule.severity = read_severity(table).value_or(defaults.severity);
  rule.sources = table.strings("sources");
  rule.group_by = table.strings("group_by");
  rule.when = read_when(table);
  rule.labels = table.string_table("labels");
  if (table.find("targets") != nullptr) rule.targets = table.strings("targets");
  rule.mention = read_mention(table);
  rule.samples = read_samples(table, defaults.samples);
  read_life(table, defaults, rule);
  read_runbook(table, rule);
  for (const Node* test : table.tables("test")) rule.tests.push_back(read_test(*test, reading));
  table.finish({"where", "resolve_match", "expire", "context", "template", "mode"});
  return rule;
}

}  // namespace dingtail::config
