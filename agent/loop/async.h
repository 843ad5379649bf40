// Wakes the loop. wake() may be called from any thread, and from the loop itself; calls before the callback
// runs are one call.
#pragma once

#include <functional>
#include <memory>

#include "loop/loop.h"

namespace dingtail::loop {

class Async {
 public:
  Async(Loop& loop, std::function<void()> on_wake);

  void wake();

  struct Impl;

 private:
  struct Closer {
    void operator()(Impl* impl) const;
  };
  std::unique_ptr<Impl, Closer> impl_;
};

}  // namespace dingtail::loop
