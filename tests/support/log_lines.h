// A Log that keeps what it is told.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/log.h"

namespace dingtail::test {

class LogLines {
 public:
  LogLines() : log_([this](base::Level, std::string_view line) { lines_.emplace_back(line); }) {}
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;

  [[nodiscard]] base::Log& log() { return log_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  [[nodiscard]] std::size_t count(const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    }));
  }

 private:
  std::vector<std::string> lines_;
  base::Log log_;
};

}  // namespace dingtail::test
