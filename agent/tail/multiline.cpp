#include "tail/multiline.h"

#include <utility>

#include "base/text.h"

namespace dingtail::tail {

Multiline::Multiline(config::Multiline settings, LineStarts starts, std::size_t max_record_bytes)
    : settings_(std::move(settings)),
      starts_(std::move(starts)),
      trace_(settings_.preset),
      max_record_bytes_(max_record_bytes) {}

std::optional<std::string> Multiline::add(std::string_view line) {
  std::optional<std::string> complete;
  if (is_open() && !goes_on(line)) complete = end();
  if (is_open())
    append("\n");
  else
    trace_.begin(line);
  append(line);
  ++lines_;
  return complete;
}

// Where no record has begun, a line that begins none is the first of one all the same: nothing is left out.
bool Multiline::goes_on(std::string_view line) {
  if (lines_ >= settings_.max_lines) return false;
  return settings_.preset == config::Multiline::Preset::kNone ? !starts_(line) : trace_.goes_on(line);
}

void Multiline::append(std::string_view text) {
  const auto kept = base::utf8_prefix(text, cut_ ? 0 : max_record_bytes_ - record_.size());
  cut_ = kept.size() < text.size() || cut_;
  bytes_cut_ += text.size() - kept.size();
  record_ += kept;
}

std::optional<std::string> Multiline::end() {
  if (!is_open()) return std::nullopt;
  lines_ = 0;
  cut_ = false;
  // Empty lines at its end separate it from the next one: a `$` should still match.
  record_.resize(record_.find_last_not_of('\n') + 1);
  return std::exchange(record_, {});
}

std::uint64_t Multiline::take_bytes_cut() {
  return std::exchange(bytes_cut_, 0);
}

}  // namespace dingtail::tail
