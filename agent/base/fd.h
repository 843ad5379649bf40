// Owns one file descriptor and closes it. Moves; move-assigning closes the old one.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <utility>

namespace dingtail::base {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Whether it takes PIPE_BUF bytes now without blocking, as a pipe or terminal that is ready does (pipe(7)); a
// file always does. For a descriptor that may be shared with other processes, and so not made non-blocking.
inline bool takes_more(int fd) {
  pollfd out{fd, POLLOUT, 0};
  return ::poll(&out, 1, 0) == 1;
}

}  // namespace dingtail::base
