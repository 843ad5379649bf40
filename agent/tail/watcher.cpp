#include "tail/watcher.h"

#include <utility>

#include "tail/file_system.h"

namespace dingtail::tail {

Watcher::Watcher(loop::Loop& loop, base::Log& log, loop::DirWatch::OnEvents on_events)
    : loop_(loop), log_(log), on_events_(std::move(on_events)) {}

base::Result<bool> Watcher::add(const std::string& directory) {
  if (watch_ == nullptr) {
    auto opened = loop::DirWatch::open(loop_, on_events_);
    if (!opened) return tl::unexpected(std::move(opened).error());
    watch_ = std::move(*opened);
  }
  return watch_->add(directory);
}

std::vector<std::string> Watcher::watch(const std::set<std::string>& directories) {
  silent_.clear();
  if (watch_ != nullptr) watch_->keep_only(directories);
  bool exhausted = false;
  std::vector<std::string> fresh;
  for (const auto& directory : directories) {
    if (!tells_of_changes(directory)) silent_.insert(directory);
    const auto added = add(directory);
    if (added.value_or(false)) fresh.push_back(directory);
    if (added) continue;
    silent_.insert(directory);
    const auto code = added.error().code;  // one that is gone, or may not be read, is told of elsewhere
    if (code == base::Code::kNotFound || code == base::Code::kDenied) continue;
    if (!std::exchange(exhausted, true))
      log_.say(base::Event::kWatchFailed, "",
               added.error().what + "; this and further directories are looked at each second instead");
  }
  if (!exhausted && log_.over(base::Event::kWatchFailed, ""))
    log_.say(base::Event::kWatchBack, "", "all directories are watched again");
  return fresh;
}

}  // namespace dingtail::tail
