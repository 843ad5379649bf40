// The commands' answers for programs, and what they ask of a running agent: one object in one line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/rule_test.h"
#include "config/problem.h"

namespace dingtail::app {

std::string to_json(const std::vector<config::Problem>& problems);
std::string to_json(const TestReport& report);
// Of a command that could not do its work.
std::string error_json(const std::string& what, const std::vector<config::Problem>& problems);

// What `send` asks of a running agent.
struct SendRequest {
  std::string target;
  std::string text;
};
std::string to_json(const SendRequest& request);
std::optional<SendRequest> parse_send(const std::string& json);

}  // namespace dingtail::app
