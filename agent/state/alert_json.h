// An alert's state as JSON text, for its row. alert_json.cpp is the only user of nlohmann in state/.
#pragma once

#include <string>
#include <vector>

#include "alert/aggregator.h"
#include "base/result.h"

namespace dingtail::state {

std::string group_json(const std::vector<std::string>& group);
std::string alert_json(const alert::AlertState& state);

// The state of a row; `rule` and `group` are its key.
base::Result<alert::AlertState> parse_alert(const std::string& rule, const std::string& group,
                                            const std::string& data);

}  // namespace dingtail::state
