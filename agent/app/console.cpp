#include "app/console.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/fd.h"

namespace dingtail::app {
namespace {

constexpr base::Millis kBetweenTries{100};

// Nobody reads, there is no such descriptor, or the terminal hung up: for good.
bool is_gone(int error) {
  return error == EPIPE || error == EBADF || error == EIO;
}

std::string left_out_line(std::uint64_t count) {
  return "dingtail: messages left out here, as nobody read: " + std::to_string(count) + '\n';
}

}  // namespace

Console::Console(std::vector<deliver::ConsoleRow> saved) {
  for (auto& row : saved) {
    waiting_bytes_ += row.text.size();
    last_id_ = row.id;
    waiting_.push_back({row.id, std::move(row.text)});
  }
}

void Console::print(const std::string& text, std::size_t most_bytes) {
  const bool left_out = !waiting_.empty() && waiting_.back().left_out > 0 && waiting_.back().written == 0;
  if (left_out || (!waiting_.empty() && waiting_bytes_ + text.size() + 1 > most_bytes)) return leave_out();
  add(text + '\n', 0);
}

void Console::leave_out() {
  auto& last = waiting_.back();
  if (last.left_out == 0 || last.written > 0) return add(left_out_line(1), 1);
  waiting_bytes_ -= last.text.size();
  last.text = left_out_line(++last.left_out);
  waiting_bytes_ += last.text.size();
  unsaved_.touch(last.id);
}

void Console::add(std::string text, std::uint64_t left_out) {
  waiting_bytes_ += text.size();
  waiting_.push_back({++last_id_, std::move(text), 0, left_out});
  unsaved_.touch(last_id_);
}

deliver::ConsoleChanges Console::take_changes() {
  deliver::ConsoleChanges out;
  for (const auto id : unsaved_.take()) {
    const auto row = std::ranges::lower_bound(waiting_, id, {}, &Waiting::id);
    if (row != waiting_.end() && row->id == id)
      out.changed.push_back({id, row->text});
    else
      out.erased.push_back(id);
  }
  return out;
}

bool Console::may_write() const {
  return !waiting_.empty() && !unsaved_.has(waiting_.front().id);
}

void Console::write_some(base::Mono now) {
  blocked_at_.reset();
  while (may_write()) {
    if (base::takes_more(STDOUT_FILENO) && write_first()) continue;
    blocked_at_ = now;
    return;
  }
}

// False: stdout did not take it now, as on a full disk.
bool Console::write_first() {
  auto& first = waiting_.front();
  const auto rest = std::string_view(first.text).substr(first.written);
  const ssize_t written = ::write(STDOUT_FILENO, rest.data(), std::min<std::size_t>(rest.size(), PIPE_BUF));
  if (written < 0 && !is_gone(errno)) return false;
  // What nobody sees any more is in the log files all the same.
  first.written += written < 0 ? rest.size() : static_cast<std::size_t>(written);
  if (first.written == first.text.size()) end_first();
  return true;
}

void Console::end_first() {
  waiting_bytes_ -= waiting_.front().text.size();
  unsaved_.touch(waiting_.front().id);
  waiting_.pop_front();
  ++printed_;
}

std::optional<base::Mono> Console::next_try(base::Mono now) const {
  if (!may_write()) return std::nullopt;
  return blocked_at_ ? *blocked_at_ + kBetweenTries : now;
}

}  // namespace dingtail::app
