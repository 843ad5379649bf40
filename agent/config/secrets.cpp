#include "config/secrets.h"

#include <sys/stat.h>

#include <cstdlib>

#include "base/file.h"
#include "base/text.h"

namespace dingtail::config {
namespace {

constexpr std::size_t kMostSecretBytes = 64UL * 1024;

base::Result<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr)
    return base::fail(base::Code::kNotFound, "environment variable " + name + " is not set");
  return std::string(value);
}

base::Result<std::string> from_file(const std::filesystem::path& path) {
  auto text = base::read_file(path, kMostSecretBytes);
  if (!text) return base::within(path.string(), std::move(text).error());
  return std::string(base::trim(*text));
}

base::Result<std::string> from_credential(const std::string& name) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr)
    return base::fail(
        base::Code::kNotFound,
        "credential " + name + ": no CREDENTIALS_DIRECTORY; systemd sets it for LoadCredential=");
  if (name.find('/') != std::string::npos)
    return base::fail(base::Code::kInvalid, "credential " + name + ": a name has no slash");
  return from_file(std::filesystem::path(directory) / name);
}

base::Result<std::string> look_up(std::string_view kind, const std::string& name,
                                  const std::filesystem::path& directory) {
  if (kind == "env") return from_environment(name);
  if (kind == "file") return from_file(directory / name);
  return from_credential(name);
}

}  // namespace

Expanded expand(const std::string& text, const std::filesystem::path& directory) {
  Expanded out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto open = text.find("${", at);
    const auto colon = text.find(':', open);
    const auto close = text.find('}', open);
    if (open == std::string::npos || close == std::string::npos) break;
    const auto kind = colon < close ? text.substr(open + 2, colon - open - 2) : std::string();
    out.text.append(text, at, open - at);
    at = close + 1;
    if (kind != "env" && kind != "file" && kind != "credential") {
      out.text.append(text, open, at - open);
      continue;
    }
    const auto name = text.substr(colon + 1, close - colon - 1);
    if (kind == "file") out.files.push_back(directory / name);
    auto value = look_up(kind, name, directory);
    if (value)
      out.text += *value;
    else
      out.unset.push_back(value.error().what);
  }
  out.text.append(text, at);
  return out;
}

bool is_open_to_others(const std::filesystem::path& file, Access access) {
  const mode_t rights = access == Access::kWrite ? S_IWOTH : S_IROTH | S_IWOTH;
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 && (info.st_mode & rights) != 0;
}

}  // namespace dingtail::config
