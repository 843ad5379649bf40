#include <strings.h>

#include "config/read.h"

namespace dingtail::config {
namespace {

constexpr std::uint64_t kLeastRecord = 64;
constexpr std::uint64_t kMostRecord = 64ULL << 20;

std::vector<std::string> absolute(TableReader& table, std::string_view key) {
  std::vector<std::string> out;
  for (const auto& path : table.values(key))
    out.push_back((table.directory() / path).lexically_normal().string());
  return out;
}

void refuse_other_values(TableReader& table, std::string_view key, std::string_view built) {
  for (const auto& value : table.strings(key))
    if (::strcasecmp(value.value.c_str(), std::string(built).c_str()) != 0)
      table.reading().problems.error(
          value.place, "`" + std::string(key) + " = \"" + value.value + "\"` in [[source]] is not built yet",
          "remove it: only \"" + std::string(built) + "\" is read for now");
}

}  // namespace

Source read_source(const Node& node, Reading& reading) {
  TableReader table(node, "[[source]]", reading);
  Source source;
  source.place = table.place();
  source.name = table.name();
  if (const Node* paths = table.require("paths")) {
    source.paths = absolute(table, "paths");
    if (const auto* list = std::get_if<Array>(&paths->value); list != nullptr && list->empty())
      reading.problems.error(paths->place, "`paths` in [[source]] is empty",
                             "name at least one file or glob");
  }
  source.exclude = table.values("exclude");
  source.read_from =
      table.one_of<ReadFrom>("read_from", {{"end", ReadFrom::kEnd}, {"beginning", ReadFrom::kBeginning}})
          .value_or(ReadFrom::kEnd);
  if (const auto bytes = table.size("max_record")) {
    if (*bytes < kLeastRecord || *bytes > kMostRecord)
      reading.problems.error(table.find("max_record")->place, "`max_record` must lie between 64B and 64MiB");
    else
      source.max_record_bytes = *bytes;
  }
  refuse_other_values(table, "encoding", "utf-8");
  refuse_other_values(table, "format", "plain");
  table.finish({"path_labels", "time", "multiline", "journal"});
  return source;
}

}  // namespace dingtail::config
