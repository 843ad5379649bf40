#include "loop/dir_watch.h"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace dingtail::loop {
namespace {

constexpr std::uint32_t kCame = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t kWent = IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr std::uint32_t kMask =
    kCame | kWent | IN_ATTRIB | IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

DirChange change_of(std::uint32_t mask) {
  if ((mask & kCame) != 0) return DirChange::kCame;
  if ((mask & (kWent | kGone)) != 0) return DirChange::kWent;
  return (mask & IN_ATTRIB) != 0 ? DirChange::kRights : DirChange::kWritten;
}

}  // namespace

base::Result<std::unique_ptr<DirWatch>> DirWatch::open(Loop& loop, OnEvents on_events) {
  base::Fd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return base::fail_errno("inotify", errno);
  std::unique_ptr<DirWatch> watch(new DirWatch(std::move(fd), std::move(on_events)));
  auto poll = Poll::open(loop, watch->fd_.get(), [self = watch.get()](Ready) { self->read(); });
  if (!poll) return base::within("inotify", std::move(poll).error());
  watch->poll_ = std::make_unique<Poll>(std::move(*poll));
  watch->poll_->watch({.read = true});
  return watch;
}

base::Result<bool> DirWatch::add(const std::string& directory) {
  const int watch = inotify_add_watch(fd_.get(), directory.c_str(), kMask);
  if (watch < 0) return base::fail_errno("watching " + directory, errno);
  if (const auto known = by_path_.find(directory); known != by_path_.end()) {
    if (known->second == watch) return false;
    remove(directory);  // another directory stands at this path now
  }
  by_path_[directory] = watch;
  by_watch_[watch].push_back(directory);
  return true;
}

void DirWatch::keep_only(const std::set<std::string>& directories) {
  std::vector<std::string> others;
  for (const auto& [path, watch] : by_path_)
    if (!directories.contains(path)) others.push_back(path);
  for (const auto& path : others) remove(path);
}

void DirWatch::remove(const std::string& directory) {
  const auto known = by_path_.find(directory);
  if (known == by_path_.end()) return;
  const int watch = known->second;
  by_path_.erase(known);
  auto& paths = by_watch_[watch];
  std::erase(paths, directory);
  if (!paths.empty()) return;
  by_watch_.erase(watch);
  inotify_rm_watch(fd_.get(), watch);
}

void DirWatch::forget(int watch) {
  const auto known = by_watch_.find(watch);
  if (known == by_watch_.end()) return;
  for (const auto& path : known->second) by_path_.erase(path);
  by_watch_.erase(known);
}

void DirWatch::read() {
  alignas(inotify_event) std::array<char, 64UL * 1024> buffer{};
  const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
  if (got <= 0) return;
  std::vector<DirEvent> events;
  bool overflowed = false;
  inotify_event event{};
  for (std::size_t at = 0; at < static_cast<std::size_t>(got); at += sizeof event + event.len) {
    std::memcpy(&event, buffer.data() + at, sizeof event);
    overflowed = overflowed || (event.mask & IN_Q_OVERFLOW) != 0;
    const auto known = by_watch_.find(event.wd);
    if (known == by_watch_.end()) continue;
    const std::string name = event.len > 0 ? buffer.data() + at + sizeof event : "";
    for (const auto& directory : known->second) {
      DirEvent told{directory, name, change_of(event.mask)};
      if (events.empty() || events.back() != told) events.push_back(std::move(told));
    }
    if ((event.mask & kGone) == 0) continue;
    if ((event.mask & IN_IGNORED) == 0)
      inotify_rm_watch(fd_.get(), event.wd);  // moved: it is another path's now
    forget(event.wd);
  }
  on_events_(events, overflowed);
}

}  // namespace dingtail::loop
