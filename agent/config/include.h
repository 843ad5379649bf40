// The files that an `include` names. Internal to config/.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/problem.h"

namespace dingtail::config {

// In the order of their names; one that is named without a wildcard may not be there. A directory that cannot
// be read is an error: the rules in it would rest unseen.
std::vector<std::string> included_files(const Located<std::string>& pattern,
                                        const std::filesystem::path& directory, Problems& problems);

}  // namespace dingtail::config
