// What the log, and through it the agent's notices, says of the answers to messages.
#pragma once

#include "base/log.h"
#include "deliver/courier.h"

namespace dingtail::app {

// `awaited`: by the person whose own message it is.
void tell(base::Log& log, const deliver::Outcome& outcome, bool awaited);

}  // namespace dingtail::app
