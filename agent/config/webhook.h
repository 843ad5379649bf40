// A robot's address as an operator writes it. Internal to config/.
#pragma once

#include <string>

#include "config/config.h"
#include "config/problem.h"

namespace dingtail::config {

// The URL as it is written shortest: without blanks around it, a fragment or the scheme's own port, its
// scheme and host in small letters; two of one robot are taken for one by it. What can never be sent to is an
// error at its place. No problem's text holds any of it but the host.
std::string checked_webhook(const Located<std::string>& written, Problems& problems);

}  // namespace dingtail::config
