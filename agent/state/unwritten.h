// The cuts that the database does not hold yet, merged: for each row the last that was said of it. So that
// their size is that of the rows, not of the time for which nothing could be written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "state/cut.h"

namespace dingtail::state {

struct Unwritten {
  // A later cut.
  void add(Cut cut);

  // Rows by their keys; nothing: erased.
  std::map<tail::FileId, std::optional<tail::FileState>> files;
  std::map<alert::AlertKey, std::optional<alert::AlertState>> alerts;
  std::map<std::uint64_t, std::optional<deliver::Row>> outbox;
  std::map<std::uint64_t, std::optional<std::string>> console;  // texts
  std::map<std::string, deliver::RobotRecord> robots;
  tail::ListedChanges listed;
  std::set<std::string> patterns;
  struct Lost {
    tail::Loss loss;
    std::optional<std::uint64_t> untold;  // of its bytes
  };
  std::set<std::string> told;                                  // before all of `losses`
  std::map<std::pair<std::string, std::string>, Lost> losses;  // by path and reason
  base::Wall at{};                                             // of the last cut

 private:
  void add_told(std::set<std::string> paths);
  void add_loss(tail::Loss loss);
};

}  // namespace dingtail::state
