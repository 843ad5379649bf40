// The rule packs that are part of the binary: rules/*.toml, embedded at build time.
#pragma once

#include <string_view>
#include <vector>

namespace dingtail::config {

struct Pack {
  std::string_view name;
  std::string_view text;
};

// By name, ascending. Lives as long as the program.
const std::vector<Pack>& packs();

}  // namespace dingtail::config
