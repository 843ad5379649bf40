#include "config/include.h"

#include <glob.h>

#include <cerrno>
#include <system_error>

namespace dingtail::config {
namespace {

namespace fs = std::filesystem;

// Ends the search, unless there just is no such directory, as under one of many.
int is_trouble(const char* /*directory*/, int error) {
  return error == ENOENT || error == ENOTDIR ? 0 : 1;
}

}  // namespace

std::vector<std::string> included_files(const Located<std::string>& pattern, const fs::path& directory,
                                        Problems& problems) {
  const std::string full = (directory / pattern.value).lexically_normal().string();
  const auto wildcard = full.find_first_of("*?[{");
  if (wildcard == std::string::npos) return {full};
  glob_t found{};
  std::vector<std::string> out;
  const int result = ::glob(full.c_str(), GLOB_BRACE, is_trouble, &found);
  const int error = errno;
  if (result == 0) out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  std::error_code ignored;
  if (result != 0 && result != GLOB_NOMATCH)
    problems.error(pattern.place, "cannot look for " + full + ": " + std::generic_category().message(error),
                   "give the agent's user the right to read its directory");
  else if (out.empty() && !fs::is_empty(fs::path(full.substr(0, wildcard)).parent_path(), ignored))
    problems.warning(pattern.place, "there is no file " + full, "correct the path, if there should be some");
  return out;
}

}  // namespace dingtail::config
