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

// What is known of a path.
struct Past {
  Spot spot;
  std::vector<FileState> orphans;  // read in part; not where they were, or another content is
  std::vector<const TailedFile*>
      present;  // open files of this path that are followed: their copies are no news
  std::vector<FileState>
      unreadable;  // such as cannot be opened now: whether a sibling is their copy is undecided
  std::map<FileId, FileState> copies;  // Life::kCopy
  std::set<FileId> fresh;              // siblings that were not there at the last look, and copies that grew
  std::function<bool(FileId)> is_known;
};

struct Generations {
  std::vector<std::unique_ptr<TailedFile>> files;  // to be followed from their cursors, the oldest first
  std::vector<FileState> lost;                     // orphans whose content is nowhere
  std::set<FileId> undecided;                      // fresh siblings that cannot be read now
};

// An orphan's content is the file that holds its first bytes and those before its position: it goes on there.
// Other fresh files that are no copies were never seen: they are read whole. An error: descriptors are
// exhausted, nothing can be said.
base::Result<Generations> find_generations(const Past& past);

}  // namespace dingtail::tail
