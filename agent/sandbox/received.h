// A request that reached the robot, with when and how it was judged.
#pragma once

#include "base/time.h"
#include "sandbox/robot.h"

namespace dingtail::sandbox {

struct Received {
  base::Wall at{};
  Verdict verdict;
};

}  // namespace dingtail::sandbox
