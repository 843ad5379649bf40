// What a rotation made of a file, found beside it: the copy that copytruncate left, and files that stood at
// its path and were renamed away before anyone looked. Looks at names and contents; following them is the
// tailer's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tail/tailed_file.h"

namespace dingtail::tail {

using IsKnown = std::function<bool(FileId)>;

// A file, named after this one, that holds what was read of it; open, and read as far. Null where there is
// none.
std::unique_ptr<TailedFile> find_copy(const TailedFile& file, const IsKnown& is_known);

struct Missed {
  std::vector<std::unique_ptr<TailedFile>> files;  // open, to be read whole
  bool complete = true;                            // false: a rotation under way renamed what was just listed
};

// Files that stood at its path after `old` and before `successor` (none: up to now): born later than it, and
// no copies of it. Needs birth times.
Missed find_missed(const TailedFile& old, std::optional<FileId> successor, const IsKnown& is_known);

}  // namespace dingtail::tail
