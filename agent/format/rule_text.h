// One rule's words for its messages: its templates, compiled once for all languages and targets.
// Holds a pointer to the rule: it lives no longer than the configuration it was made from.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "format/template.h"

namespace dingtail::format {

// The value of an environment variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

class RuleText {
 public:
  static RuleText compile(const config::Rule& rule, const Names& known, Environment environment,
                          config::Problems& problems);

  [[nodiscard]] const config::Rule& rule() const { return *rule_; }
  [[nodiscard]] const Environment& environment() const { return environment_; }
  // In that language, else in English, else in any; null where the rule has none.
  [[nodiscard]] const Template* summary(config::Language language) const;
  [[nodiscard]] const Template* title(config::Language language) const;

 private:
  using Templates = std::map<config::Language, Template>;

  RuleText(const config::Rule& rule, Environment environment);
  static Templates compile_all(const config::Text& text, const Names& known, config::Problems& problems);
  static const Template* in(const Templates& templates, config::Language language);

  const config::Rule* rule_;
  Environment environment_;
  Templates summary_;
  Templates title_;
};

}  // namespace dingtail::format
