// Time as a value. The clock is read once a turn, in app/, and handed down as Now; nothing else reads it.
// Waiting uses `mono`; people, signatures and records use `wall`.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dingtail::base {

using Millis = std::chrono::milliseconds;
using Mono = std::chrono::time_point<std::chrono::steady_clock, Millis>;
using Wall = std::chrono::sys_time<Millis>;

struct Now {
  Mono mono{};
  Wall wall{};
};

// "500ms 10s 5m 2h 7d"; several may follow each other ("1h30m"). Nothing for anything else.
std::optional<Millis> parse_duration(std::string_view text);

// The shortest exact form: "90s" is "1m30s".
std::string print_duration(Millis value);

// In the process's time zone (TZ, set once by app/): "2026-11-21 10:31:02".
std::string print_date_time(Wall at);
// "10:31:02"
std::string print_clock(Wall at);
// The zone's offset at that time: "+08:00"
std::string print_zone(Wall at);
// "2026-11-21T10:31:02.123+08:00", RFC 3339.
std::string print_rfc3339(Wall at);

inline std::int64_t unix_ms(Wall at) {
  return at.time_since_epoch().count();
}
inline Wall from_unix_ms(std::int64_t ms) {
  return Wall{Millis{ms}};
}

}  // namespace dingtail::base
