// The service manager's side of sd_notify(3): a socket for $NOTIFY_SOCKET.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>

#include "base/fd.h"

namespace dingtail::test {

class NotifySocket {
 public:
  explicit NotifySocket(std::string path)
      : path_(std::move(path)), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    ::unlink(path_.c_str());
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::chmod(path_.c_str(), 0777) != 0)
      throw std::runtime_error("binding " + path_);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  // True once a datagram has said just `state`; those before it are passed over.
  bool wait_for(const std::string& state, std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (true) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      pollfd ready{fd_.get(), POLLIN, 0};
      if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) != 1) return false;
      std::array<char, 4096> said{};
      const auto size = ::recv(fd_.get(), said.data(), said.size(), 0);
      if (size > 0 && std::string(said.data(), static_cast<std::size_t>(size)) == state) return true;
    }
  }

 private:
  std::string path_;
  base::Fd fd_;
};

}  // namespace dingtail::test
