// A robot's address as an operator writes it. Internal to config/.
#pragma once

#include <string>

#include "config/config.h"
#include "config/problem.h"

namespace dingtail::config {

// The URL without blanks around it and with its scheme in small letters. What can never be sent to is an
// error at its place. No problem's text holds any of it but the host.
std::string checked_webhook(const Located<std::string>& written, Problems& problems);

}  // namespace dingtail::config
