// A rule and a report of it, as the examples of the contract have them, for tests to change.
#pragma once

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>

#include "format/markdown.h"

namespace dingtail::format {

inline void use_china_time() {
  ::setenv("TZ", "CST-8", 1);
  ::tzset();
}

// 2026-11-21, the given time of day in China.
inline base::Wall at_clock(int hour, int minute, int second) {
  using namespace std::chrono;
  return sys_days{year{2026} / 11 / 21} + hours{hour - 8} + minutes{minute} + seconds{second};
}

inline config::Located<std::string> located(std::string text) {
  return {std::move(text), {"a.toml", 1, 1}};
}

struct Case {
  config::Rule rule;
  alert::Report report;
  Style style;
  Names names{.captures = {"proc", "user", "src"}, .labels = {"host", "env", "app", "team"}};
  base::Now now{{}, at_clock(10, 32, 0)};

  Case() {
    use_china_time();
    rule.name = "kernel-oom";
    rule.severity = config::Severity::kCritical;
    rule.summary.by_language[config::Language::kEnglish] = located("${proc} killed by OOM");
    rule.summary.by_language[config::Language::kChinese] = located("${proc} 被 OOM 杀死");
    report.id = "a1";
    report.labels = {{"host", "web-03"}, {"env", "prod"}, {"app", "order"}};
    report.count = 3;
    report.total = 3;
    report.first = at_clock(10, 31, 2);
    report.last = at_clock(10, 31, 40);
    report.since = report.first;
    report.samples = {{"Out of memory: Killed process 812 (java)", 3}};
    report.last_hit = {
        0, "kern", "/var/log/kern.log", "Out of memory: Killed process 812 (java)", {{"proc", "java"}}, {}};
  }

  [[nodiscard]] Message message() const {
    config::Problems problems;
    const auto environment = [](std::string_view name) {
      return name == "SITE" ? std::optional<std::string>("hz") : std::nullopt;
    };
    return format::message(report, RuleText::compile(rule, names, environment, problems), style, now);
  }
};

}  // namespace dingtail::format
