// The hits of one key that may still meet a rule's condition together: those of the last `within`.
#pragma once

#include <deque>
#include <string>

#include "base/time.h"
#include "config/config.h"

namespace dingtail::alert {

struct PendingHit {
  base::Mono at{};
  base::Wall wall{};
  std::string record;  // empty for hits too old to become a sample
};

class Window {
 public:
  // Adds a hit; true if the condition is met by it and those before. Bounds are closed: exactly `within`
  // apart is within. No hit is earlier than the one before it, so that the first is always the first to go:
  // the times of restored ones may be those of a clock that was set back in between. `samples` records are
  // kept at the most.
  bool add(PendingHit hit, const config::When& when, std::size_t samples);

  // Forgets the hits that no later one can be within reach of.
  void let_go(base::Mono now, const config::When& when);
  void clear() { hits_.clear(); }

  [[nodiscard]] const std::deque<PendingHit>& hits() const { return hits_; }
  [[nodiscard]] bool empty() const { return hits_.empty(); }

 private:
  std::deque<PendingHit> hits_;
};

}  // namespace dingtail::alert
