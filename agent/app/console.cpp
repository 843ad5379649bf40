#include "app/console.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace dingtail::app {
namespace {

constexpr base::Millis kBetweenTries{100};

// A pipe or terminal that is ready takes PIPE_BUF bytes without blocking (pipe(7)); a file always does. The
// descriptor is not made non-blocking: it may be shared with other processes.
bool takes_more() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, 0) == 1;
}

}  // namespace

void Console::print(const std::string& text, std::size_t most_bytes) {
  if (left_out_ > 0 || (!waiting_.empty() && waiting_bytes_ + text.size() + 1 > most_bytes)) {
    ++left_out_;
    return;
  }
  add(text);
}

void Console::add(const std::string& text) {
  waiting_.push_back(text + '\n');
  waiting_bytes_ += waiting_.back().size();
}

void Console::write_some(base::Mono now) {
  blocked_at_.reset();
  while (!waiting_.empty()) {
    if (!takes_more()) {
      blocked_at_ = now;
      return;
    }
    auto& text = waiting_.front();
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    // A closed stdout takes nothing for good: what it was to show is in the log files all the same.
    const auto gone = written < 0 ? text.size() : static_cast<std::size_t>(written);
    text.erase(0, gone);
    waiting_bytes_ -= gone;
    if (!text.empty()) continue;
    waiting_.pop_front();
    ++printed_;
    if (waiting_.empty() && left_out_ > 0)
      add("dingtail: messages left out here, as nobody read: " + std::to_string(std::exchange(left_out_, 0)));
  }
}

std::optional<base::Mono> Console::next_try(base::Mono now) const {
  if (waiting_.empty()) return std::nullopt;
  return blocked_at_ ? *blocked_at_ + kBetweenTries : now;
}

}  // namespace dingtail::app
