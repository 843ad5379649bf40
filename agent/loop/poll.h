// Tells when a descriptor can be read or written. Does not own the descriptor: whoever does destroys the Poll
// first (libuv aborts when a polled descriptor is closed behind its back).
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "loop/loop.h"

namespace dingtail::loop {

struct Ready {
  bool read = false;
  bool write = false;
  bool failed = false;  // an error or hang-up is pending on the descriptor
};

struct Interest {
  bool read = false;
  bool write = false;
};

class Poll {
 public:
  // Fails where the descriptor cannot be polled (a regular file, an exhausted epoll).
  static base::Result<Poll> open(Loop& loop, int fd, std::function<void(Ready)> on_ready);

  // Neither: stops until the next watch().
  void watch(Interest interest);

  struct Impl;

 private:
  struct Closer {
    void operator()(Impl* impl) const;
  };
  using Owned = std::unique_ptr<Impl, Closer>;
  explicit Poll(Owned impl) : impl_(std::move(impl)) {}

  Owned impl_;
};

}  // namespace dingtail::loop
