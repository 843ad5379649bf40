#include "format/rule_text.h"

#include <utility>

namespace dingtail::format {

RuleText::RuleText(const config::Rule& rule, Environment environment)
    : rule_(&rule), environment_(std::move(environment)) {}

RuleText RuleText::compile(const config::Rule& rule, const Names& known, Environment environment,
                           config::Problems& problems) {
  RuleText out(rule, std::move(environment));
  out.summary_ = compile_all(rule.summary, known, problems);
  out.title_ = compile_all(rule.title, known, problems);
  return out;
}

const Template* RuleText::summary(config::Language language) const {
  return in(summary_, language);
}

const Template* RuleText::title(config::Language language) const {
  return in(title_, language);
}

RuleText::Templates RuleText::compile_all(const config::Text& text, const Names& known,
                                          config::Problems& problems) {
  Templates out;
  for (const auto& [language, located] : text.by_language)
    out.emplace(language, Template::compile(located, known, problems));
  return out;
}

const Template* RuleText::in(const Templates& templates, config::Language language) {
  for (const auto wanted : {language, config::Language::kEnglish})
    if (const auto found = templates.find(wanted); found != templates.end()) return &found->second;
  return templates.empty() ? nullptr : &templates.begin()->second;
}

}  // namespace dingtail::format
