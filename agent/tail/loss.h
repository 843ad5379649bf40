// An entry of the loss ledger: what was written to a followed file and could not be matched. Never silent: it
// is shown by `status` and told to the agent's targets.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace dingtail::tail {

// One for each path and reason: further losses add their bytes and move `at`.
struct Loss {
  std::string path;
  std::uint64_t bytes = 0;  // at least so many; 0: unknown
  std::string reason;
  base::Wall at{};  // of the last one
  // Nothing is known to be lost: it is shown, but nobody is told. Not stored.
  bool suspected = false;

  bool operator==(const Loss&) const = default;
};

}  // namespace dingtail::tail
