// Finds the files that the sources' patterns name. Looks at the file system and says what is there; what
// follows from it is the tailer's.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "tail/tailed_file.h"

namespace dingtail::tail {

struct FoundFile {
  FileStat info;
  Spot spot;
  std::string_view
      pattern;  // its key: the source's name, U+001F, the pattern; the Finder's, until set_sources()
};

enum class Why { kMissing, kDirectory, kIrregular, kDenied, kForeignLink };
const char* words(Why why);

// What a pattern names and cannot be followed.
struct Unfollowed {
  std::string path;
  std::size_t source = 0;
  Why why = Why::kMissing;
};

struct Listing {
  std::vector<FoundFile> files;         // each file once: the first source, its first path
  std::map<std::string, FileId> names;  // every path of theirs, and the real one behind a symbolic link
  std::set<std::string> directories;    // whose listing decides what is found
  std::map<std::string, std::uint64_t> before;  // their mtimes, nanoseconds, before they were listed
  std::vector<Unfollowed> unfollowed;
  std::map<std::string, std::size_t> shared;  // a path, and a further source that would own it too
  std::set<std::string> empty_patterns;       // wildcards that match nothing
  bool busy = false;  // not all of it could be listed, for want of descriptors: it says nothing
  std::set<std::string> pattern_keys;  // of the patterns that could be looked at; see FoundFile::pattern
};

class Finder {
 public:
  // `own_directory`: the agent's own state, never found. Nor is the agent's own log, where that is a file.
  explicit Finder(std::string own_directory) : own_directory_(std::move(own_directory)) {}

  void set_sources(const std::vector<config::Source>& sources);

  [[nodiscard]] Listing look() const;

  struct Owner {
    std::size_t source = 0;
    std::string pattern;  // FoundFile::pattern
  };
  // Whose a file at that path would be.
  [[nodiscard]] std::optional<Owner> owner_of(const std::string& path) const;

 private:
  struct Pattern {
    std::string text;  // without braces
    std::size_t source;
    std::string key;
  };

  // Where a path leads.
  struct Way {
    std::string real;
    std::set<std::uint32_t> deciders;  // see deciders_of()
  };

  struct Look {
    Listing listing;
    std::set<FileId> seen;
    std::map<std::string, Way> directories;  // by name
    std::set<FileId> own_output;
  };

  void look_at(const Pattern& pattern, Look& look) const;
  // False: it may not be looked at.
  bool add(const std::string& path, const Pattern& pattern, Look& look) const;
  [[nodiscard]] bool excluded(const std::string& path, std::size_t source) const;

  std::string own_directory_;
  std::vector<Pattern> patterns_;
  std::vector<std::vector<std::string>> excludes_;  // by source
};

// The path without symbolic links. A last name that does not exist stays as it is.
std::string real_path(const std::string& path);

// The users who decide where the path leads, by a symbolic link of theirs on its way; without root and the
// agent's own user.
std::set<std::uint32_t> deciders_of(const std::string& path);

// What stands in directories, by identity; each is listed once.
class Listings {
 public:
  // Null where it cannot be listed.
  const std::map<FileId, std::string>* in(const std::string& directory);
  // True where the directory of `path` cannot be listed, or is another file system's than the file's: a mount
  // that comes back later. Of a directory that is gone, the one above it tells.
  bool away(const std::string& path, FileId id);
  // Something could not be listed for want of descriptors: what away() says of it is nothing.
  [[nodiscard]] bool busy() const { return busy_; }
  // Where the file stands among those beside `path`.
  std::optional<std::string> beside(const std::string& path, FileId id);
  // Its identity where the file system has it under another device number now (after a reboot, or mounted
  // anew): by inode and time of birth.
  std::optional<FileId> renumbered(const std::string& path, FileId id);

 private:
  std::map<std::string, std::optional<std::map<FileId, std::string>>> by_directory_;
  bool busy_ = false;
};

}  // namespace dingtail::tail
