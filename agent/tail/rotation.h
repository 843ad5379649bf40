// What rotations made of a path while nobody looked: the files that held its content before, found beside it
// by what is in them, compressed ones too. Looks at contents; following them is the tailer's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/result.h"
#include "tail/siblings.h"
#include "tail/tailed_file.h"

namespace dingtail::tail {

enum class Fate {
  kGone,           // deleted, and not held open
  kGoneWhileDown,  // the same, before this run
  kRewritten,      // another content is there
};

// Read in part, and not to be had any more by its identity.
struct Orphan {
  FileState state;
  Fate fate;
  bool may_be_unread = false;  // it may have been written to since it was looked at
};

// What is known of a path.
struct Past {
  Spot spot;
  std::vector<Orphan> orphans;
  std::vector<const TailedFile*> present;  // followed and open, whatever they hold now: copies are no news
  std::vector<FileState>
      unreadable;  // such as cannot be opened now: whether a sibling is their copy is undecided
  std::map<FileId, FileState> copies;  // Life::kCopy
  std::set<FileId> fresh;              // siblings that were not there at the last look, and copies that grew
  std::function<bool(FileId)> is_known;
  std::function<bool(const Sibling&)> was_listed;  // at this look
};

struct Generations {
  std::vector<std::unique_ptr<TailedFile>> files;  // to be followed from their cursors, the oldest first
  std::map<FileId, FileId> continued;              // orphans, and the files that go on with them
  std::set<FileId> lost;                           // orphans whose content is nowhere
  std::set<FileId> undecided;                      // fresh siblings that cannot be read now
  std::set<FileId> unsure;                         // orphans that may be other files than those found
  bool any_whole = false;                          // files that were never seen
};

// An orphan's content is the file that holds its first bytes and those before its position: it goes on there.
// Other fresh files that are no copies were never seen: they are read whole. An error: descriptors are
// exhausted, or a file changed during the search; nothing can be said now.
base::Result<Generations> find_generations(const Past& past);

}  // namespace dingtail::tail
