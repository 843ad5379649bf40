// Small whole files: configuration, secrets. Logs are read in tail/.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace dingtail::base {

// The whole file, `most` bytes at the most: a larger one is an error (an operator's slip, such as a log named
// as a rule file, must not fill the memory). Only regular files are read.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t most);

}  // namespace dingtail::base
