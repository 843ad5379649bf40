// Whether what rules group by can be had. For the time of reading a configuration: decides nothing later.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "match/path_labels.h"

namespace dingtail::alert {

// Every name in `group_by` must be a capture or a label; else a problem at its place: a warning where a
// source that is not here may have the label. `captures` by rule index.
void check_group_by(const config::Config& config, const std::vector<std::set<std::string>>& captures,
                    const match::PathLabels& path_labels, config::Problems& problems);

}  // namespace dingtail::alert
