#include "alert/group_by.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace dingtail::alert {
namespace {

enum class Labels { kAllKnown, kMaybeMore };

void check_rule(const config::Rule& rule, const std::vector<std::string_view>& known, Labels labels,
                config::Problems& problems) {
  for (const auto& name : rule.group_by) {
    if (std::find(known.begin(), known.end(), name.value) != known.end()) continue;
    const std::string message =
        "`group_by`: rule \"" + rule.name + "\" has no capture or label \"" + name.value + "\"";
    if (labels == Labels::kMaybeMore) {
      problems.warning(name.place, message,
                       "right if `path_labels` of its source, which is not here, names it");
      continue;
    }
    const auto meant = base::nearest(name.value, known);
    problems.error(name.place, message,
                   meant ? "did you mean \"" + std::string(*meant) + "\"?"
                         : "name a group of its pattern: (?P<" + name.value + ">…)");
  }
}

}  // namespace

void check_group_by(const config::Config& config, const std::vector<std::set<std::string>>& captures,
                    const match::PathLabels& path_labels, config::Problems& problems) {
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    const auto& rule = config.rules[i];
    std::vector<std::string_view> known = {"source", "path", "host"};
    known.insert(known.end(), captures[i].begin(), captures[i].end());
    for (const auto* labels : {&config.labels, &rule.labels})
      for (const auto& [name, value] : *labels) known.push_back(name);
    const auto of_paths = path_labels.names(rule);
    if (of_paths) known.insert(known.end(), of_paths->begin(), of_paths->end());
    check_rule(rule, known, of_paths ? Labels::kAllKnown : Labels::kMaybeMore, problems);
  }
}

}  // namespace dingtail::alert
