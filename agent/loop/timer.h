// A one-shot timer on the monotonic clock. Owned by who waits.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "loop/loop.h"

namespace dingtail::loop {

class Timer {
 public:
  Timer(Loop& loop, std::function<void()> on_due);

  // Calls on_due once, `after` from now; a running wait is replaced.
  void start(base::Millis after);
  void stop();

  struct Impl;

 private:
  struct Closer {
    void operator()(Impl* impl) const;
  };
  std::unique_ptr<Impl, Closer> impl_;
};

}  // namespace dingtail::loop
