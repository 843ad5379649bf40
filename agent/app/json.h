// The commands' answers for programs, as product.md, section 2, has them: one object in one line.
#pragma once

#include <string>
#include <vector>

#include "app/rule_test.h"
#include "config/problem.h"

namespace dingtail::app {

std::string to_json(const std::vector<config::Problem>& problems);
std::string to_json(const TestReport& report);

}  // namespace dingtail::app
