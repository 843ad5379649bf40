// How far files were read that are not followed now: those of the last run before they are found again, and
// those that no source names any more. So that a file which comes back is neither repeated nor skipped.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tail/finder.h"
#include "tail/tailed_file.h"

namespace dingtail::tail {

class Remembered {
 public:
  void add(FileState state) { states_[state.id] = std::move(state); }
  // Life::kGone. Of those, a few hundred are kept: answers with one that is forgotten instead.
  std::optional<FileId> add_gone(FileState state);

  [[nodiscard]] bool contains(FileId id) const { return states_.contains(id); }

  // What is known of a file, and no longer remembered: by its identity, or by its path and content where only
  // its device's number is another now (after a reboot), or it is_reborn(). Opens the file for that.
  std::optional<FileState> take(TailedFile& file);
  // It may be the file of that identity, born anew by its file system.
  static bool is_reborn(FileId before, const TailedFile& file);

  // The files of a directory are known by new identities from now on where its device has another number: by
  // those of them that are still there, with what was known of all.
  struct Renumbered {
    FileId before;
    FileState state;
  };
  std::vector<Renumbered> renumber(Listings& listings);

  // What became of a file of the last run that no pattern finds.
  struct Fate {
    FileState state;
    std::optional<std::string> at;  // renamed to this; nothing: it is not there
  };
  // The fates that can be told. Still remembered are: what stands in its place (no source names it now), what
  // lies in a directory that is away (a mount that comes later), what is gone for longer, and that for whose
  // source `is_source` is false.
  std::vector<Fate> settle(const std::function<bool(const std::string& source)>& is_source,
                           Listings& listings);

  // Forgets what was in the directories and no longer is there; answers with it.
  std::vector<FileId> forget_gone(const std::set<std::string>& directories);

 private:
  using States = std::map<FileId, FileState>;
  States::iterator find(TailedFile& file);

  States states_;
};

}  // namespace dingtail::tail
