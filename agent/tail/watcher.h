// The directories whose changes are told, and those that must be looked at: where inotify has no watch to
// give, or the file system does not tell. Tries again at each call, so that it heals by itself.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "loop/dir_watch.h"

namespace dingtail::tail {

class Watcher {
 public:
  Watcher(loop::Loop& loop, base::Log& log, loop::DirWatch::OnEvents on_events);

  // These directories and no others. Returns those that are watched only from now on: what happened in them
  // before was not told.
  std::vector<std::string> watch(const std::set<std::string>& directories);
  // Those of them whose changes are not told, or not all.
  [[nodiscard]] const std::set<std::string>& silent() const { return silent_; }

 private:
  base::Result<bool> add(const std::string& directory);

  loop::Loop& loop_;
  base::Log& log_;
  loop::DirWatch::OnEvents on_events_;
  std::unique_ptr<loop::DirWatch> watch_;  // null: no inotify to be had now
  std::set<std::string> silent_;
};

}  // namespace dingtail::tail
