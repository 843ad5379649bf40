// Requests as a sender would make them, for the sandbox's tests.
#pragma once

#include <string>

#include "base/time.h"
#include "sandbox/robot.h"

namespace dingtail::sandbox {

inline base::Now at(std::int64_t unix_ms) {
  return {base::Mono{base::Millis{unix_ms}}, base::from_unix_ms(unix_ms)};
}

inline Request request(std::string body) {
  return {"POST", "/robot/send", {{"access_token", "t"}}, "application/json; charset=utf-8", std::move(body)};
}

inline std::string markdown(const std::string& rest = "") {
  return R"({"msgtype":"markdown","markdown":{"title":"disk full","text":"#### disk full on db-1"})" + rest +
         "}";
}

inline std::string with_uuid(const std::string& uuid) {
  return markdown(R"(,"msgUuid":")" + uuid + "\"");
}

// A valid message of exactly so many bytes.
inline std::string of_size(std::size_t bytes) {
  const std::string empty = R"({"msgtype":"text","text":{"content":""}})";
  return R"({"msgtype":"text","text":{"content":")" + std::string(bytes - empty.size(), 'x') + "\"}}";
}

inline const Check* check_of(const Verdict& verdict, const std::string& name) {
  for (const auto& check : verdict.checks)
    if (check.name == name) return &check;
  return nullptr;
}

}  // namespace dingtail::sandbox
