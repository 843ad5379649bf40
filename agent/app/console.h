// Messages for the terminal, or whatever stdout is, at least once: a message waits in the state until stdout
// has taken it, and is written only after the cut that holds it is durable, so that an agent that ends in
// between repeats it. Never blocks: what a full pipe does not take waits here, within a bound. Beyond it,
// messages are left out until those that wait are written, and a line in their place says how many.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "deliver/row.h"
#include "deliver/unsaved.h"

namespace dingtail::app {

class Console {
 public:
  // What the last run left, at the start.
  explicit Console(std::vector<deliver::ConsoleRow> saved = {});

  // `most_bytes`: of what waits, this message included; one alone may be larger.
  void print(const std::string& text, std::size_t most_bytes);

  // What the next commit must hold. Until committed() is called, the next take_changes() has it all again.
  deliver::ConsoleChanges take_changes();
  [[nodiscard]] bool has_changes() const { return unsaved_.any(); }
  void committed() { unsaved_.committed(); }

  // Writes as much as stdout takes now of what is durable.
  void write_some(base::Mono now);
  // When to try again; nothing while nothing can be written.
  [[nodiscard]] std::optional<base::Mono> next_try(base::Mono now) const;

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::uint64_t printed() const { return printed_; }

 private:
  struct Waiting {
    std::uint64_t id = 0;
    std::string text;
    std::size_t written = 0;     // of its bytes
    std::uint64_t left_out = 0;  // this line says how many; 0: it is a message
  };

  void add(std::string text, std::uint64_t left_out);
  void leave_out();
  bool write_first();
  void end_first();
  [[nodiscard]] bool may_write() const;

  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t printed_ = 0;
  deliver::Unsaved<std::uint64_t> unsaved_;
  std::optional<base::Mono> blocked_at_;
};

}  // namespace dingtail::app
