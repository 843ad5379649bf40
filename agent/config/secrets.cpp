#include "config/secrets.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/file.h"
#include "base/text.h"

namespace dingtail::config {
namespace {

constexpr std::size_t kMostSecretBytes = 64UL * 1024;
constexpr std::array<std::string_view, 3> kKinds = {"env", "file", "credential"};

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

// One that is empty would switch off, in silence, what it is there for.
base::Result<std::string> look_up_some(std::string_view kind, const std::string& name,
                                       const std::filesystem::path& directory) {
  auto value = look_up(kind, name, directory);
  if (!value || !base::trim(*value).empty()) return value;
  const auto what = kind == "env"    ? "environment variable " + name
                    : kind == "file" ? (directory / name).string()
                                     : "credential " + name;
  return base::fail(base::Code::kInvalid, what + " is empty");
}

// `kind` as written; it may be part of a secret where it is no word.
void tell_wrong(Expanded& out, std::string_view kind) {
  if (!out.wrong.empty()) return;
  const auto meant = base::nearest(kind, kKinds);
  out.wrong = "unknown reference ${" + (meant ? std::string(kind) + ":" : "") + "…}";
  out.hint = meant ? "did you mean `${" + std::string(*meant) + ":`?"
                   : "known here: ${env:NAME}, ${file:PATH}, ${credential:NAME}";
}

}  // namespace

Expanded expand(const std::string& text, const std::filesystem::path& directory) {
  Expanded out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto open = text.find("${", at);
    const auto colon = text.find(':', open);
    const auto close = text.find('}', open);
    if (open == std::string::npos) break;
    if (close == std::string::npos) {
      out.wrong = "unclosed ${";
      out.hint = "write a } behind the name";
      break;
    }
    const auto kind = colon < close ? text.substr(open + 2, colon - open - 2) : std::string();
    out.text.append(text, at, open - at);
    at = close + 1;
    if (std::ranges::find(kKinds, kind) == kKinds.end()) {
      tell_wrong(out, kind);
      continue;
    }
    const auto name = text.substr(colon + 1, close - colon - 1);
    if (kind == "file") out.files.push_back(directory / name);
    auto value = look_up_some(kind, name, directory);
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
