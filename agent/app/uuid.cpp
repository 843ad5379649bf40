#include "app/uuid.h"

#include <array>
#include <cstdio>
#include <random>

namespace dingtail::app {

std::uint32_t random_seed() {
  return std::random_device{}();
}

std::string new_uuid() {
  std::random_device random;
  const std::array<std::uint32_t, 4> r = {random(), random(), random(), random()};
  std::array<char, 37> out{};
  std::snprintf(out.data(), out.size(), "%08x-%04x-4%03x-%04x-%04x%08x", r[0], r[1] >> 16, r[1] & 0xfff,
                (r[2] >> 16 & 0x3fff) | 0x8000, r[2] & 0xffff, r[3]);
  return out.data();
}

}  // namespace dingtail::app
