// Where a report goes, what it is to each target, and whom it calls.
#pragma once

#include <vector>

#include "alert/report.h"
#include "config/config.h"

namespace dingtail::alert {

struct Routed {
  const config::Target* target = nullptr;  // lives as long as the configuration
  config::EventKind event = config::EventKind::kFiring;
  config::Mention mention;  // the nearest one: the rule's, else the target's
};

// The rule's targets (an empty list sends nothing), else the default ones, else all. A target that takes no
// `resolved` gets the unreported hits of an alert's end as a firing message instead; a message of no hits is
// dropped for it.
std::vector<Routed> route(const Report& report, const config::Rule& rule, const config::Config& config);

}  // namespace dingtail::alert
