// Whether the people whom a message means to call would be called. DingTalk accepts a message whose mentions
// do nothing, so what is found here is told and never refused.
#pragma once

#include <string>
#include <vector>

#include "sandbox/posted.h"

namespace dingtail::sandbox {

std::vector<std::string> mention_faults(const Posted& posted);

}  // namespace dingtail::sandbox
