// What the log, and through it the agent's notices, says of the answers to messages, and of such as wait for
// a target that is gone.
#pragma once

#include <vector>

#include "base/log.h"
#include "deliver/courier.h"

namespace dingtail::app {

// `awaited`: by the person whose own message it is.
void tell(base::Log& log, const deliver::Outcome& outcome, bool awaited);
// At the start and at a reload.
void tell_gone(base::Log& log, const std::vector<deliver::TargetStatus>& targets);

}  // namespace dingtail::app
