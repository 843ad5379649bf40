// What rotations made of a path while nobody looked: the files that held its content before, found beside it
// by what is in them and by their age, compressed ones too. Looks at names and contents; following them is
// the tailer's.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tail/tailed_file.h"

namespace dingtail::tail {

// What is known of a path.
struct Past {
  Spot spot;
  std::vector<FileState> orphans;          // read in part; not where they were, or another content is
  std::vector<const TailedFile*> present;  // followed files of this path: their copies are no news
  std::uint64_t since = 0;                 // what is older than this was seen; in the file system's time
  std::function<bool(FileId)> is_known;
};

struct Generations {
  std::vector<std::unique_ptr<TailedFile>> files;  // to be read from their cursors, the oldest first
  std::vector<FileState> lost;                     // orphans whose content is nowhere
  bool complete = true;                            // false: a rotation under way renamed what was just listed
};

// An orphan's content is the file that holds its first bytes and those before its position: it goes on there.
// Other files that are newer than `since`, and are no copies, were never seen: they are read whole.
Generations find_generations(const Past& past);

}  // namespace dingtail::tail
