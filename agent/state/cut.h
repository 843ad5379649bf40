// What one transaction of the state store holds: the changes of every room since the last one. And what a
// start reads back.
#pragma once

#include <vector>

#include "alert/aggregator.h"
#include "deliver/courier.h"
#include "tail/tailer.h"

namespace dingtail::state {

struct Cut {
  tail::TailChanges files;
  alert::AlertChanges alerts;
  deliver::Changes outbox;
  base::Wall at{};  // when the cut was made
};

struct Saved {
  tail::TailState files;
  std::vector<alert::AlertState> alerts;
  std::vector<deliver::Row> outbox;
  std::vector<deliver::RobotRecord> robots;
  std::vector<tail::Loss> losses;
  base::Wall cut_at{};  // when the last cut was made
};

}  // namespace dingtail::state
