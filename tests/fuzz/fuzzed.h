// What a fuzzer here is: LLVMFuzzerTestOneInput(), called with one input after another, that aborts where a
// law is broken. Preset `fuzz` links it with libFuzzer, every other build with driver.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace dingtail::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// `seen`, where it tells something, stands beside the law that it breaks.
inline void require(bool holds, const char* law, std::string_view seen = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s: %.*s\n", law, static_cast<int>(seen.size()), seen.data());
  std::abort();
}

}  // namespace dingtail::fuzz
