#include "base/time.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <limits>

namespace dingtail::base {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
// Longest name first where one begins another ("ms" before "m").
constexpr std::array<Unit, 5> kUnits = {
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

const Unit* unit_at(std::string_view text) {
  for (const auto& unit : kUnits)
    if (text.substr(0, unit.name.size()) == unit.name) return &unit;
  return nullptr;
}

std::string print(Wall at, const char* format) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 64> out{};
  return {out.data(), std::strftime(out.data(), out.size(), format, &parts)};
}

}  // namespace

std::optional<Millis> parse_duration(std::string_view text) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 86'400'000 / 1'000;
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || number > kMost) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const Unit* unit = unit_at(text);
    if (unit == nullptr) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += number * unit->ms;
  }
  return Millis{total};
}

std::string print_duration(Millis value) {
  if (value.count() == 0) return "0s";
  std::string out;
  std::int64_t left = value.count();
  for (const auto& [name, ms] : {kUnits[4], kUnits[3], kUnits[2], kUnits[1], kUnits[0]}) {
    if (left / ms == 0) continue;
    out += std::to_string(left / ms) + std::string(name);
    left %= ms;
  }
  return out;
}

std::string print_date_time(Wall at) {
  return print(at, "%Y-%m-%d %H:%M:%S");
}

std::string print_clock(Wall at) {
  return print(at, "%H:%M:%S");
}

std::string print_zone(Wall at) {
  std::string zone = print(at, "%z");
  if (zone.size() == 5) zone.insert(3, ":");
  return zone;
}

std::string print_rfc3339(Wall at) {
  std::array<char, 8> fraction{};
  const auto ms = unix_ms(at) - unix_ms(std::chrono::floor<std::chrono::seconds>(at));
  std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(ms));
  return print(at, "%Y-%m-%dT%H:%M:%S") + fraction.data() + print_zone(at);
}

}  // namespace dingtail::base
