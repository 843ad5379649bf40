// The configuration's targets as the courier and the messages want them.
#pragma once

#include <vector>

#include "config/config.h"
#include "deliver/courier.h"
#include "format/markdown.h"

namespace dingtail::app {

// Those that have robots.
std::vector<deliver::Target> delivery_targets(const config::Config& config);
deliver::Target delivery_target(const config::Target& target, const config::Config& config);

// What a message to that target keeps to. It holds a keyword of the first robot, and leaves room for
// another's.
format::Style style_of(const config::Target& target, config::Mention mention);

}  // namespace dingtail::app
