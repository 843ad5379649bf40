// What one transaction of the state store holds: the changes of every room since the last one. And what a
// start reads back.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "alert/aggregator.h"
#include "deliver/courier.h"
#include "tail/tailer.h"

namespace dingtail::state {

struct Cut {
  tail::TailChanges files;
  alert::AlertChanges alerts;
  deliver::Changes outbox;
  deliver::ConsoleChanges console;
  std::set<std::string> told;  // files whose losses of earlier cuts are told: by messages in this outbox
  base::Wall at{};             // when the cut was made
};

struct Saved {
  tail::TailState files;
  std::vector<alert::AlertState> alerts;
  std::vector<deliver::Row> outbox;
  std::vector<deliver::ConsoleRow> console;  // in their order
  std::vector<deliver::RobotRecord> robots;
  std::vector<tail::Loss> losses;
  std::vector<tail::Loss> untold;  // of these, what no notice told yet
  base::Wall cut_at{};             // when the last cut was made
};

}  // namespace dingtail::state
