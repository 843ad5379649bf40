// A configuration made ready to run: patterns compiled, templates compiled, names checked. Replaced whole at
// a reload.
#pragma once

#include <memory>
#include <vector>

#include "config/load.h"
#include "format/rule_text.h"
#include "match/line_start.h"
#include "match/matcher.h"
#include "match/path_labels.h"
#include "match/redaction.h"

namespace dingtail::app {

struct RuleSet {
  config::Config config;
  match::Matcher matcher;
  std::vector<tail::Multiline::LineStarts> line_starts;  // by source index: match::compile_line_starts
  match::PathLabels path_labels;
  match::Redaction redaction;
  std::vector<format::RuleText> texts;  // by rule index; they point into `config`
};

// Adds what compiling finds to `problems`; the result is fit to run only if they did not fail. Never null.
std::unique_ptr<RuleSet> compile(config::Config config, config::Problems& problems);

// The labels of every alert: host, then the configuration's.
std::map<std::string, std::string> labels_of(const config::Config& config);

}  // namespace dingtail::app
