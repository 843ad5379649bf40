// Who a message calls, and the literal tokens that it must hold for them.
#pragma once

#include <string>

#include "config/config.h"
#include "format/message.h"

namespace dingtail::format {

// Those of `mention` that an event calls: 50 people at most, which is all that DingTalk takes.
At called(const config::Mention& mention, config::EventKind event);

// Adds to `all` those of `more` that it lacks, as long as there is room for 50; false: there was none for
// some.
bool add_people(At& all, const At& more);

// "@13800000000 @all"
std::string tokens(const At& at);

}  // namespace dingtail::format
