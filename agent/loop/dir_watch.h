// Watches directories through an inotify descriptor of its own. An event is a hint, "look at this directory
// now", never the truth. One bounded read a turn, so that a storm of events starves nothing; a queue that
// overflowed is told as `overflowed`: then everything must be looked at. (libuv's own uv_fs_event drops
// overflows and reads without end.)
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "loop/poll.h"

namespace dingtail::loop {

// What happened to an entry. kCame: created, or renamed to this name; kWent: deleted, or renamed away.
enum class DirChange { kWritten, kRights, kCame, kWent };

struct DirEvent {
  std::string directory;  // as given to add()
  std::string name;       // the entry in it; empty: the directory itself (gone, moved)
  DirChange change = DirChange::kWritten;
  bool operator==(const DirEvent&) const = default;
};

class DirWatch {
 public:
  using OnEvents = std::function<void(const std::vector<DirEvent>& events, bool overflowed)>;

  static base::Result<std::unique_ptr<DirWatch>> open(Loop& loop, OnEvents on_events);

  // Watches a directory; one that is watched already (by inode) stays so. True: only from now on. kNoSpace:
  // the watches are exhausted.
  base::Result<bool> add(const std::string& directory);
  // Ends the watches of all other directories.
  void keep_only(const std::set<std::string>& directories);

 private:
  void remove(const std::string& directory);
  DirWatch(base::Fd fd, OnEvents on_events) : fd_(std::move(fd)), on_events_(std::move(on_events)) {}
  void read();
  void forget(int watch);

  base::Fd fd_;
  OnEvents on_events_;
  std::map<std::string, int> by_path_;
  std::map<int, std::vector<std::string>> by_watch_;  // two paths may name one directory
  std::unique_ptr<Poll> poll_;                        // destroyed before fd_
};

}  // namespace dingtail::loop
