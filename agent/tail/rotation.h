// What rotations made of a path while nobody looked: the files that held its content before, found beside it
// by what is in them, compressed ones too. Looks at contents; following them is the tailer's.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

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
      unreadable;          // such as cannot be opened now: whether a sibling is their copy is undecided
  std::set<FileId> fresh;  // siblings that were not there at the last look
  std::function<bool(FileId)> is_known;
};

struct Generations {
  std::vector<std::unique_ptr<TailedFile>> files;  // to be read from their cursors, the oldest first
  std::vector<FileState> lost;                     // orphans whose content is nowhere
  std::set<FileId> undecided;                      // fresh siblings that cannot be read now
  std::set<FileId> copies;                         // fresh siblings that are copies, so far
};

// An orphan's content is the file that holds its first bytes and those before its position: it goes on there.
// Other fresh files that are no copies were never seen: they are read whole.
Generations find_generations(const Past& past);

}  // namespace dingtail::tail
