// The state directory: made, looked at for who else could write in it, and locked while this lives. Knows the
// names of what lies in it, nothing of what that says.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"

namespace dingtail::state {

// By device and inode; nothing where there is no such file.
struct DatabaseFiles {
  using File = std::optional<std::pair<std::uint64_t, std::uint64_t>>;
  File database;
  File log;

  bool operator==(const DatabaseFiles&) const = default;
};

class Directory {
 public:
  // kBusy: another agent holds it. kDenied: it, or a file in it, is a symbolic link, belongs to another user,
  // may be written by others, or lies on a network. The lock is on the directory: there is no file whose
  // deletion would let a second agent in.
  static base::Result<Directory> open(const std::string& path);

  [[nodiscard]] std::string database() const { return path_ + "/state.db"; }
  // A database, or what one left behind.
  [[nodiscard]] bool has_state() const;

  // Puts the database that `make` writes to a file there, whole at once: what is found half-made is damage.
  [[nodiscard]] base::Status put_database(
      const std::function<base::Status(const std::string& file)>& make) const;
  // Which files the database and its log are now.
  [[nodiscard]] DatabaseFiles database_files() const;
  // Its names are durable when this returns. kNotDurable: they may not be.
  [[nodiscard]] base::Status sync() const;
  // Renames the database to state.db.WHY-TIME, with the files that belong to it; answers with that name.
  [[nodiscard]] base::Result<std::string> set_aside(std::string_view why, base::Wall at) const;

  // A file that only takes room, to be let go when there is none left: without some, not even a deletion can
  // be written. True if that made room.
  [[nodiscard]] bool release_ballast() const;
  // Makes it again where there is room to spare.
  void keep_ballast() const;

 private:
  Directory(base::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  [[nodiscard]] base::Status check_files() const;

  base::Fd fd_;
  std::string path_;  // without symbolic links
};

// Whether an agent holds that directory now. Makes nothing, and is false where it cannot be looked at. An
// agent that starts in the very moment of the question could take it for another agent: not for use in a
// loop.
bool is_held(const std::string& path);

// By what statfs(2) calls f_type.
bool is_network_file_system(std::uint64_t type);

// A digest of the host's /etc/machine-id; empty where there is none.
std::string this_machine();

}  // namespace dingtail::state
