// Calls back on the loop when the process gets a signal.
#pragma once

#include <functional>
#include <memory>

#include "loop/loop.h"

namespace dingtail::loop {

class Signal {
 public:
  Signal(Loop& loop, int number, std::function<void()> on_signal);

  struct Impl;

 private:
  struct Closer {
    void operator()(Impl* impl) const;
  };
  std::unique_ptr<Impl, Closer> impl_;
};

}  // namespace dingtail::loop
