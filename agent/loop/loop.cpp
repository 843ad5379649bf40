#include "loop/loop.h"

#include <uv.h>

#include <cassert>
#include <cstdlib>

namespace dingtail::loop {

Loop::Loop() : loop_(std::make_unique<uv_loop_s>()) {
  if (uv_loop_init(loop_.get()) != 0) std::abort();  // no memory or descriptors for an epoll: nothing can run
}

Loop::~Loop() {
  uv_run(loop_.get(), UV_RUN_NOWAIT);  // the close callbacks of handles that ended just now
  [[maybe_unused]] const int closed = uv_loop_close(loop_.get());
  assert(closed == 0 && "a handle outlives its loop");
}

void Loop::run() {
  uv_run(loop_.get(), UV_RUN_DEFAULT);
}

void Loop::stop() {
  uv_stop(loop_.get());
}

void Loop::run_once() {
  uv_run(loop_.get(), UV_RUN_ONCE);
}

}  // namespace dingtail::loop
