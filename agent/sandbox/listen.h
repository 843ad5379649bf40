// A listening TCP socket.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace dingtail::sandbox {

struct Listener {
  base::Fd socket;
  std::uint16_t port = 0;
};

// `address`: an IPv4 or IPv6 address, or a name that means one ("localhost"). Port 0: any free one.
base::Result<Listener> listen_on(const std::string& address, std::uint16_t port);

}  // namespace dingtail::sandbox
