// Messages for the terminal, or whatever stdout is. Never blocks: what a full pipe does not take waits here,
// within a bound. Beyond it, messages are left out until those that wait are written, and a line says how
// many.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/time.h"

namespace dingtail::app {

class Console {
 public:
  // `most_bytes`: of what waits, this message included; one alone may be larger.
  void print(const std::string& text, std::size_t most_bytes);

  // Writes as much as stdout takes now.
  void write_some(base::Mono now);
  // When to try again; nothing while nothing waits.
  [[nodiscard]] std::optional<base::Mono> next_try(base::Mono now) const;

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::uint64_t printed() const { return printed_; }

 private:
  void add(const std::string& text);

  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t left_out_ = 0;  // since the last line that said so
  std::uint64_t printed_ = 0;
  std::optional<base::Mono> blocked_at_;
};

}  // namespace dingtail::app
