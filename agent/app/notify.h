// The service manager's protocol (sd_notify(3)): one datagram to $NOTIFY_SOCKET. Does nothing where there is
// none, and gives up soon where it is not read.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace dingtail::app {

// "READY=1", "STOPPING=1", "RELOADING=1", "WATCHDOG=1", "STATUS=…"; several are separated by newlines.
void notify(std::string_view state);

// How often WATCHDOG=1 is due: half of $WATCHDOG_USEC. Nothing where no watchdog is set for this process.
std::optional<base::Millis> watchdog_interval();

}  // namespace dingtail::app
