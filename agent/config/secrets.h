// ${env:NAME}, ${file:PATH} and ${credential:NAME} in a configuration string, replaced by what they name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dingtail::config {

struct Expanded {
  std::string text;                          // unset references stand for nothing
  std::vector<std::string> unset;            // "environment variable NAME is not set", …
  std::string wrong;                         // the first that is no reference: "unclosed ${"; else empty
  std::string hint;                          // what may have been meant by it
  std::vector<std::filesystem::path> files;  // those that it names
};

// A relative PATH is taken from `directory`. A file's text is trimmed. CREDENTIALS_DIRECTORY is systemd's.
Expanded expand(const std::string& text, const std::filesystem::path& directory);

// True where users that are neither the file's owner nor of its group may write it, or read or write it.
enum class Access { kWrite, kReadOrWrite };
bool is_open_to_others(const std::filesystem::path& file, Access access);

}  // namespace dingtail::config
