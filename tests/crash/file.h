#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace dingtail::crash {

// Empty where it cannot be read.
inline std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace dingtail::crash
