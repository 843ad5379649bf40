// An address of loopback that does not answer: no refusal, no acceptance.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "base/fd.h"

namespace dingtail::test {

// A server whose queue of connections is full.
class SilentAddress {
 public:
  SilentAddress(const std::string& address, std::uint16_t port) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1;
    if (!is_v4) ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
    const auto* name =
        is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
    const socklen_t size = is_v4 ? sizeof v4 : sizeof v6;
    fds_.emplace_back(::socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(fds_[0].get(), name, size) != 0 || ::listen(fds_[0].get(), 0) != 0) {
      fds_.clear();
      return;
    }
    for (int i = 0; i < 4; ++i) {
      fds_.emplace_back(::socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      static_cast<void>(::connect(fds_.back().get(), name, size));
    }
  }
  [[nodiscard]] bool is_there() const { return !fds_.empty(); }
  // From now on it refuses.
  void close() { fds_.clear(); }

 private:
  std::vector<base::Fd> fds_;
};

}  // namespace dingtail::test
