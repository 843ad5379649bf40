// ${env:NAME}, ${file:PATH} and ${credential:NAME} in a configuration string, replaced by what they name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dingtail::config {

struct Expanded {
  std::string text;                // unset references stand for nothing
  std::vector<std::string> unset;  // "environment variable NAME is not set", …
  bool referenced = false;         // the text held a reference
};

// A relative PATH is taken from `directory`. A file's text is trimmed. CREDENTIALS_DIRECTORY is systemd's.
Expanded expand(const std::string& text, const std::filesystem::path& directory);

}  // namespace dingtail::config
