// Messages for the terminal, or whatever stdout is. Never blocks: what a full pipe does not take waits here.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/time.h"

namespace dingtail::app {

class Console {
 public:
  void print(const std::string& text) { waiting_.push_back(text + '\n'); }

  // Writes as much as stdout takes now.
  void write_some(base::Mono now);
  // When to try again; nothing while nothing waits.
  [[nodiscard]] std::optional<base::Mono> next_try(base::Mono now) const;

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::uint64_t printed() const { return printed_; }

 private:
  std::deque<std::string> waiting_;
  std::uint64_t printed_ = 0;
  std::optional<base::Mono> blocked_at_;
};

}  // namespace dingtail::app
