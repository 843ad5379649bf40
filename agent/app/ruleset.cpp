#include "app/ruleset.h"

#include <unistd.h>

#include <array>
#include <cstdlib>

#include "alert/group_by.h"

namespace dingtail::app {
namespace {

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

format::Names names_of(const config::Config& config, const config::Rule& rule,
                       const std::set<std::string>& captures, const match::PathLabels& path_labels) {
  format::Names names;
  names.captures.insert(captures.begin(), captures.end());
  names.labels.insert("host");
  for (const auto* labels : {&config.labels, &rule.labels})
    for (const auto& [name, value] : *labels) names.labels.insert(name);
  if (const auto of_paths = path_labels.names(rule))
    names.labels.insert(of_paths->begin(), of_paths->end());
  else
    names.more_labels = true;
  for (const auto& name : rule.group_by) names.labels.insert(name.value);
  return names;
}

}  // namespace

std::map<std::string, std::string> labels_of(const config::Config& config) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::map<std::string, std::string> labels = {{"host", host.data()}};
  for (const auto& [name, value] : config.labels) labels[name] = value;
  return labels;
}

std::unique_ptr<RuleSet> compile(config::Config config, config::Problems& problems) {
  auto matcher = match::Matcher::compile(config.rules, problems);
  auto line_starts = match::compile_line_starts(config.sources, problems);
  auto path_labels = match::PathLabels::compile(config.sources, problems);
  auto redaction = match::Redaction::compile(config.redacts, problems);
  auto set = std::make_unique<RuleSet>(RuleSet{std::move(config),
                                               std::move(matcher),
                                               std::move(line_starts),
                                               std::move(path_labels),
                                               std::move(redaction),
                                               {}});
  std::vector<std::set<std::string>> captures;
  for (std::size_t i = 0; i < set->config.rules.size(); ++i) captures.push_back(set->matcher.captures(i));
  alert::check_group_by(set->config, captures, set->path_labels, problems);
  for (std::size_t i = 0; i < set->config.rules.size(); ++i) {
    const auto& rule = set->config.rules[i];
    set->texts.push_back(format::RuleText::compile(
        rule, names_of(set->config, rule, captures[i], set->path_labels), environment, problems));
  }
  return set;
}

}  // namespace dingtail::app
