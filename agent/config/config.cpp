#include "config/config.h"

#include <algorithm>

#include "base/text.h"

namespace dingtail::config {
namespace {

// Parts are told apart by a byte that no TOML string can hold unescaped, so that {"ab"} and {"a","b"} differ.
constexpr char kSeparator = '\x1f';

void append(std::string& out, const std::vector<Located<std::string>>& parts) {
  for (const auto& part : parts) out += part.value + kSeparator;
  out += kSeparator;
}

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
    case Severity::kCritical:
      return "critical";
  }
  return "";
}

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::kFiring:
      return "firing";
    case EventKind::kRepeat:
      return "repeat";
    case EventKind::kResolved:
      return "resolved";
  }
  return "";
}

const Located<std::string>* Text::in(Language language) const {
  for (const auto wanted : {language, Language::kEnglish, Language::kChinese})
    if (const auto found = by_language.find(wanted); found != by_language.end()) return &found->second;
  return nullptr;
}

std::vector<const Target*> targets_of(const Config& config,
                                      const std::optional<std::vector<Located<std::string>>>& names) {
  const auto& wanted = names ? *names : config.default_targets;
  const bool all = !names && wanted.empty();
  std::vector<const Target*> out;
  for (const auto& target : config.targets) {
    const bool named = std::any_of(wanted.begin(), wanted.end(), [&](const Located<std::string>& name) {
      return name.value == target.name;
    });
    if (all || named) out.push_back(&target);
  }
  return out;
}

std::string matching_hash(const Rule& rule) {
  std::string all;
  append(all, rule.match);
  append(all, rule.exclude);
  append(all, rule.sources);
  append(all, rule.group_by);
  all += std::to_string(rule.when.count) + kSeparator + std::to_string(rule.when.within.count());
  return base::hex(base::fingerprint(all));
}

std::string rules_hash(const std::vector<Rule>& rules) {
  std::string all;
  const auto add = [&all](std::string_view part) { all.append(part).append(1, kSeparator); };
  for (const auto& rule : rules) {
    add(rule.name);
    add(matching_hash(rule));
    add(name_of(rule.severity));
    for (const auto* text : {&rule.summary, &rule.title})
      for (const auto& [language, words] : text->by_language) add(words.value);
    for (const auto& [name, value] : rule.labels) {
      add(name);
      add(value);
    }
    if (rule.targets) append(all, *rule.targets);
    for (const auto time : {rule.group_wait, rule.repeat_interval, rule.repeat_max,
                            rule.resolve_after.value_or(base::Millis{-1})})
      add(std::to_string(time.count()));
  }
  return base::hex(base::fingerprint(all));
}

}  // namespace dingtail::config
