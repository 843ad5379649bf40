// Joins lines to records, as a source's `multiline` says: by what begins one, or as a language prints its
// stack traces. What it does with a line depends on the lines since the record's first one alone, so that an
// open record can be read again from there. Knows no clock: its owner calls end() at the timeout.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "tail/stack_trace.h"

namespace dingtail::tail {

class Multiline {
 public:
  // True where a line begins a record.
  using LineStarts = std::function<bool(std::string_view)>;

  // `starts` is asked where the settings name no preset.
  Multiline(config::Multiline settings, LineStarts starts, std::size_t max_record_bytes);

  // Adds a line, without its end, to the open record or as the first of another. Returns the record before it
  // where it begins another: the line itself is always in the open record afterwards.
  std::optional<std::string> add(std::string_view line);
  // The open record, complete now.
  std::optional<std::string> end();
  [[nodiscard]] bool is_open() const { return lines_ > 0; }

  // Bytes beyond max_record_bytes that were left out since the last call.
  std::uint64_t take_bytes_cut();

 private:
  [[nodiscard]] bool goes_on(std::string_view line);
  void append(std::string_view text);

  config::Multiline settings_;
  LineStarts starts_;
  StackTrace trace_;
  std::size_t max_record_bytes_;
  std::string record_;     // lines joined by '\n'
  std::size_t lines_ = 0;  // of the open record; 0: none is open
  bool cut_ = false;       // the open record has no room for more
  std::uint64_t bytes_cut_ = 0;
};

}  // namespace dingtail::tail
