// Configuration texts as values.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"
#include "support/temp_dir.h"

namespace dingtail::test {

// Loads `text` as the main file "dingtail.toml" of `dir`.
inline config::Loaded load_text(const TempDir& dir, const std::string& text,
                                config::UnsetSecret unset = config::UnsetSecret::kError) {
  return config::load({dir.write("dingtail.toml", text), {}, unset});
}

// "line:column: error: message", files left out, in reading order.
inline std::vector<std::string> brief(const config::Problems& problems) {
  std::vector<std::string> out;
  for (const auto& problem : problems.sorted())
    out.push_back(std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column) +
                  (problem.weight == config::Weight::kError ? ": error: " : ": warning: ") + problem.message);
  return out;
}

// The rules of a text that must be right.
inline config::Config rules_of(const std::string& text) {
  const TempDir dir;
  return load_text(dir, text).config;
}

}  // namespace dingtail::test
