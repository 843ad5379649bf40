// The rotated names in the directories of followed files, and which of them are new since the last look. By
// identity while the agent runs; by age over a restart.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "tail/identity.h"

namespace dingtail::tail {

struct Sibling {
  std::string path;
  FileStat info;
};

// The regular files beside `path` that a rotation may have made of it: their names begin with its name. No
// symbolic link is one. The youngest first. An error: they can't be listed for want of descriptors, or are
// being renamed.
base::Result<std::vector<Sibling>> siblings(const std::string& path);

// How old a directory's listing is: its mtime when it was listed, nanoseconds, in the file system's time.
using Listed = std::map<std::string, std::uint64_t>;
// Nothing: the directory is forgotten.
using ListedChanges = std::map<std::string, std::optional<std::uint64_t>>;

class Siblings {
 public:
  // What the last run had listed.
  void restore(Listed listed) {
    first_run_ = first_run_ && listed.empty();
    listed_.merge(listed);
  }

  // Rotated files that were not there at the last look, by the path that they were rotated from. At the first
  // look of a first run: none. `before`: the mtimes of directories when the live files in them were looked
  // for: what came since then may be known to nobody.
  std::map<std::string, std::vector<Sibling>> look(const std::set<std::string>& directories,
                                                   const Listed& before);

  // What it is can't be told now: it is new again at the next look.
  void postpone(const std::string& path, FileId id);
  // False: it came into its directory since the last look, which looked there too. The next one finds it new,
  // though names and inodes be listed as before (FUSE).
  [[nodiscard]] bool has_listed(const Sibling& sibling);
  // What it is may show when it is written: it was empty at the last look.
  [[nodiscard]] bool waits_for(const std::string& path) const { return waiting_.contains(path); }

  // Forgets the directories that were deleted an hour ago and were not made again. One that is named by a
  // symbolic link, or lies in a mount that is away, may come back as it was.
  void forget_deleted(base::Mono now);

  // What changed since the last call.
  ListedChanges take_changes() { return std::exchange(changes_, {}); }
  [[nodiscard]] bool has_changes() const { return !changes_.empty(); }

 private:
  struct Entry {
    std::string name;
    std::uint64_t inode;
    auto operator<=>(const Entry&) const = default;
  };
  using Node = std::pair<std::uint64_t, std::uint64_t>;  // FileId, whatever the number of the device
  struct Directory {
    FileId id;                  // another one: a file system was mounted there, or is away
    std::uint64_t entries = 0;  // a digest of their names and inodes
    std::uint64_t modified = 0;
    std::uint64_t looked = 0;             // by which look it was listed last
    bool is_real = false;                 // no symbolic link leads to it
    std::set<Node> seen{};                // of its rotated files
    bool undecided = false;               // a new one may have been left for later
    std::optional<base::Mono> deleted{};  // when that was found
  };

  // What stands there under rotated names.
  static std::optional<std::vector<Entry>> list(const std::string& directory);
  static Node node_of(FileId id) { return {id.inode, id.birth}; }
  static std::uint64_t digest_of(const std::vector<Entry>& entries);
  [[nodiscard]] std::uint64_t age_of_news(const std::string& path) const;
  void look_at(const std::string& path, const Listed& before,
               std::map<std::string, std::vector<Sibling>>& found);

  std::map<std::string, Directory> directories_;
  std::set<std::string> waiting_;
  std::uint64_t looks_ = 0;
  bool first_run_ = true;  // until its first look is over
  Listed listed_;
  ListedChanges changes_;
};

}  // namespace dingtail::tail
