// Reading one table each of the configuration into its plain value. Internal to config/.
#pragma once

#include <optional>

#include "config/config.h"
#include "config/reader.h"

namespace dingtail::config {

// What a rule takes where it does not say otherwise: [defaults].
struct Defaults {
  Severity severity = Severity::kWarning;
  base::Millis group_wait = std::chrono::seconds(2);  // critical ones don't wait, unless the rule says so
  base::Millis repeat_interval = std::chrono::minutes(30);
  base::Millis repeat_max = std::chrono::hours(4);
  Samples samples;
};

Defaults read_defaults(const Node& node, Reading& reading);
Source read_source(const Node& node, Reading& reading);
Target read_target(const Node& node, Language language, Reading& reading);
Redact read_redact(const Node& node, Reading& reading);
Rule read_rule(const Node& node, const Defaults& defaults, Reading& reading);

std::optional<Language> read_language(TableReader& table);
std::optional<Severity> read_severity(TableReader& table);
Samples read_samples(TableReader& table, Samples otherwise);
// Nothing where the table has no `mention`.
std::optional<Mention> read_mention(TableReader& table);

}  // namespace dingtail::config
