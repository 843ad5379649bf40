#include "match/path_labels.h"

#include <re2/re2.h>

#include "base/text.h"

namespace dingtail::match {
namespace {

void add_names(const Pattern& pattern, std::set<std::string>& names) {
  if (!pattern) return;
  for (const auto& [name, index] : pattern->NamedCapturingGroups()) names.insert(name);
}

}  // namespace

PathLabels PathLabels::compile(const std::vector<config::Source>& sources, config::Problems& problems) {
  PathLabels out;
  for (const auto& source : sources) {
    auto& pattern = out.patterns_[source.name];
    if (source.path_labels.value.empty()) continue;
    pattern = compile_pattern(source.path_labels, problems);
    if (pattern && pattern->NamedCapturingGroups().empty())
      problems.error(source.path_labels.place, "`path_labels` captures nothing by name",
                     "name the part of the path that becomes a label: (?P<site>[^/]+)");
  }
  return out;
}

Fields PathLabels::of(std::string_view source, std::string_view path) const {
  const auto found = patterns_.find(source);
  if (found == patterns_.end() || !found->second) return {};
  return captures_of(*found->second, base::to_utf8(path));
}

std::optional<std::set<std::string>> PathLabels::names(const config::Rule& rule) const {
  std::set<std::string> names;
  if (rule.sources.empty())
    for (const auto& [source, pattern] : patterns_) add_names(pattern, names);
  for (const auto& source : rule.sources) {
    const auto found = patterns_.find(source.value);
    if (found == patterns_.end()) return std::nullopt;
    add_names(found->second, names);
  }
  return names;
}

}  // namespace dingtail::match
