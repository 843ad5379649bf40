// How many messages a robot may still take: at most `per_minute` in any 60 s. A slot is taken when a message
// leaves and frees 60 s after the answer to it arrived: the robot counted it before that, whatever the delay
// on the way was. Pure. Times are given in order.
#pragma once

#include <cstdint>
#include <deque>

#include "base/time.h"

namespace dingtail::deliver {

class Quota {
 public:
  static constexpr base::Millis kWindow = std::chrono::seconds(60);

  explicit Quota(std::uint32_t per_minute) : per_minute_(per_minute) {}
  void set_per_minute(std::uint32_t per_minute) { per_minute_ = per_minute; }

  void sent() { ++open_; }
  void answered(base::Mono now);  // of one that was sent
  void not_sent() { --open_; }    // it never reached the robot: the slot is free again
  // A message of before a restart, answered then.
  void restore(base::Mono answered);

  // When a slot is free: `now` if one is. Mono::max() where none frees before an answer arrives.
  [[nodiscard]] base::Mono free_at(base::Mono now) const;
  // Slots taken: in flight, or answered within the last 60 s.
  [[nodiscard]] std::uint32_t used(base::Mono now) const;
  [[nodiscard]] std::uint32_t left(base::Mono now) const;

 private:
  std::uint32_t per_minute_;
  std::uint32_t open_ = 0;        // sent and not answered
  std::deque<base::Mono> frees_;  // when the slots of answered messages free, in order
};

}  // namespace dingtail::deliver
