// Whether a file system tells inotify of every change to its files. Those that others write to as well, over
// a network or below a layer, do not: they are looked at instead.
#pragma once

#include <cstdint>
#include <string>

namespace dingtail::tail {

// By its type, statfs(2)'s f_type.
bool tells_of_changes(std::uint64_t type);
// By the directory's; one that can't be asked is taken to tell.
bool tells_of_changes(const std::string& directory);

}  // namespace dingtail::tail
