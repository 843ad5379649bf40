#include <strings.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <system_error>

#include "base/encoding.h"
#include "base/text.h"
#include "config/load.h"
#include "config/read.h"

namespace dingtail::config {
namespace {

constexpr std::uint64_t kLeastRecord = 64;
constexpr std::uint64_t kMostRecord = 64ULL << 20;
constexpr std::int64_t kMostLines = 100'000;
constexpr base::Millis kLeastTimeout{10};
constexpr base::Millis kMostTimeout = std::chrono::hours(1);
constexpr std::array<std::string_view, 16> kCommonEncodings = {
    "utf-8",    "gb18030", "gbk",       "gb2312", "big5",   "utf-16",     "utf-16le", "utf-16be",
    "utf-32le", "ascii",   "shift_jis", "euc-jp", "euc-kr", "iso-8859-1", "koi8-r",   "windows-1252"};

// The ] of the set that begins there, as fnmatch(3) has it; npos: it has none.
std::size_t end_of_set(std::string_view pattern, std::size_t open) {
  std::size_t at = open + 1;
  if (pattern.substr(at).starts_with('!') || pattern.substr(at).starts_with('^')) ++at;
  if (pattern.substr(at).starts_with(']')) ++at;  // one of the set
  while (at < pattern.size() && pattern[at] != '/') {
    if (pattern[at] == ']') return at;
    const auto class_end =
        pattern.substr(at).starts_with("[:") ? pattern.find(":]", at) : std::string_view::npos;
    at = class_end == std::string_view::npos ? at + 1 : class_end + 2;
  }
  return std::string_view::npos;
}

// The first of [ { } that has no partner; else nothing.
std::optional<char> unpaired(std::string_view pattern) {
  int depth = 0;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '[') at = end_of_set(pattern, at);
    if (at == std::string_view::npos) return '[';
    if (pattern[at] == '{') ++depth;
    if (pattern[at] == '}' && --depth < 0) return '}';
  }
  return depth > 0 ? std::optional('{') : std::nullopt;
}

// What is wrong with a pattern matches no file, and nobody would hear of it.
std::vector<std::string> patterns(TableReader& table, std::string_view key) {
  std::vector<std::string> out;
  const auto where = "in `" + std::string(key) + "` of [[source]]";
  for (const auto& [text, place] : table.strings(key)) {
    if (text.empty())
      table.reading().problems.error(place, "an empty pattern " + where, "name a file or glob, or remove it");
    if (const auto alone = unpaired(text))
      table.reading().problems.error(
          place, std::string(1, *alone) + " without its partner in a pattern " + where,
          "complete [..] or {a,b}, or write [" + std::string(1, *alone) + "] for the character itself");
    out.push_back(text);
  }
  return out;
}

// A source is of files or, one day, of the journal.
const Node* find_paths(const Node& source, TableReader& table) {
  const auto& entries = std::get<Table>(source.value);
  const bool of_journal =
      std::any_of(entries.begin(), entries.end(), [](const Entry& entry) { return entry.key == "journal"; });
  return of_journal ? table.find("paths") : table.require("paths");
}

void refuse_other_values(TableReader& table, std::string_view key, std::string_view built) {
  for (const auto& value : table.strings(key))
    if (::strcasecmp(value.value.c_str(), std::string(built).c_str()) != 0)
      table.reading().problems.error(
          value.place, "`" + std::string(key) + " = \"" + value.value + "\"` in [[source]] is not built yet",
          "remove it: only \"" + std::string(built) + "\" is read for now");
}

// The hint for a name that is none: which common one may be meant.
std::string encoding_hint(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto meant = base::nearest(name, kCommonEncodings);
  return meant ? "did you mean \"" + std::string(*meant) + "\"?" : "`iconv -l` lists those of this host";
}

void read_encoding(TableReader& table, Source& source) {
  const Node* node = table.find("encoding");
  if (node == nullptr) return;
  const auto names = table.literals("encoding");
  if (const auto* list = std::get_if<Array>(&node->value); list != nullptr && list->empty())
    table.reading().problems.error(node->place, "`encoding` in [[source]] is empty",
                                   "name at least one, such as \"utf-8\"");
  source.encoding.clear();
  for (const auto& name : names) {
    source.encoding.push_back(name.value);
    if (!base::is_encoding(name.value))
      table.reading().problems.error(name.place, "there is no encoding \"" + name.value + "\"",
                                     encoding_hint(name.value));
  }
}

void read_timeout(TableReader& table, Multiline& multiline) {
  const auto timeout = table.duration("timeout");
  if (!timeout) return;
  multiline.timeout = *timeout;
  if (*timeout < kLeastTimeout || *timeout > kMostTimeout)
    table.reading().problems.error(table.find("timeout")->place,
                                   "`timeout` in `multiline` must lie between " +
                                       base::print_duration(kLeastTimeout) + " and " +
                                       base::print_duration(kMostTimeout));
}

std::optional<Multiline> read_multiline(TableReader& parent) {
  const Node* node = parent.table("multiline");
  if (node == nullptr) return std::nullopt;
  using Preset = Multiline::Preset;
  Multiline multiline;
  TableReader table(*node, "`multiline`", parent.reading());
  auto& problems = parent.reading().problems;
  const Node* start = table.find("start");
  const Node* preset = table.find("preset");
  if (auto pattern = table.literal("start")) multiline.start = std::move(*pattern);
  if (start != nullptr && multiline.start.value.empty() && std::holds_alternative<std::string>(start->value))
    problems.error(start->place, "`start` in `multiline` is empty", "every line would begin a record");
  multiline.preset =
      table
          .one_of<Preset>("preset",
                          {{"java", Preset::kJava}, {"python", Preset::kPython}, {"go", Preset::kGo}})
          .value_or(Preset::kNone);
  if ((start == nullptr) == (preset == nullptr))
    problems.error(preset == nullptr ? node->place : preset->place,
                   start == nullptr ? "`multiline` has neither `start` nor `preset`"
                                    : "`multiline` has both `start` and `preset`",
                   "give it one of them: what begins a record, or the language of the stack traces");
  multiline.max_lines = static_cast<std::size_t>(
      table.integer("max_lines", 1, kMostLines).value_or(static_cast<std::int64_t>(multiline.max_lines)));
  read_timeout(table, multiline);
  table.finish();
  return multiline;
}

void read_path_labels(TableReader& table, Source& source) {
  auto pattern = table.literal("path_labels");
  if (!pattern) return;
  if (pattern->value.empty())
    table.reading().problems.error(pattern->place, "`path_labels` in [[source]] is empty",
                                   "write a pattern with named captures: (?P<site>[^/]+)");
  source.path_labels = std::move(*pattern);
}

}  // namespace

Source read_source(const Node& node, Reading& reading) {
  TableReader table(node, "[[source]]", reading);
  Source source;
  source.place = table.place();
  source.name = table.name();
  if (const Node* paths = find_paths(node, table)) {
    for (const auto& path : patterns(table, "paths"))
      source.paths.push_back((table.directory() / path).lexically_normal().string());
    if (const auto* list = std::get_if<Array>(&paths->value); list != nullptr && list->empty())
      reading.problems.error(paths->place, "`paths` in [[source]] is empty",
                             "name at least one file or glob");
  }
  source.exclude = patterns(table, "exclude");
  source.read_from =
      table.one_of<ReadFrom>("read_from", {{"end", ReadFrom::kEnd}, {"beginning", ReadFrom::kBeginning}})
          .value_or(ReadFrom::kEnd);
  if (const auto bytes = table.size("max_record")) {
    if (*bytes < kLeastRecord || *bytes > kMostRecord)
      reading.problems.error(table.find("max_record")->place, "`max_record` must lie between 64B and 64MiB");
    else
      source.max_record_bytes = *bytes;
  }
  read_encoding(table, source);
  source.multiline = read_multiline(table);
  read_path_labels(table, source);
  refuse_other_values(table, "format", "plain");
  table.finish({"time", "journal"});
  return source;
}

Source command_line_source(const std::vector<std::string>& logs, Problems& problems) {
  Source source;
  source.name = "command line";
  source.place.file = "command line";
  for (const auto& log : logs) {
    std::error_code error;
    const auto path = std::filesystem::absolute(log, error).lexically_normal();
    if (error)
      problems.error(source.place, "cannot tell where " + log + " lies: " + error.message(),
                     "name it from / on, or start in a directory that is there");
    else
      source.paths.push_back(path.string());
  }
  return source;
}

}  // namespace dingtail::config
