// The event loop and the handles that live on it: RAII over libuv, the only room that includes <uv.h>. One
// thread. A handle owns its registration: destroying it, even inside its own callback, ends it. ~Loop
// requires that every handle is gone, so that a leaked one is a failed assertion and not a mystery.
#pragma once

#include <memory>

#include "base/result.h"

struct uv_loop_s;

namespace dingtail::loop {

class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Runs until stop() is called from a callback.
  void run();
  void stop();
  // One turn, for tests: waits for an event if there is none yet.
  void run_once();

  [[nodiscard]] uv_loop_s* raw() { return loop_.get(); }

 private:
  std::unique_ptr<uv_loop_s> loop_;
};

}  // namespace dingtail::loop
