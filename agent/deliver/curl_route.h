// Whom a request's one connection goes to: the webhook's host, or a proxy. Decided here in full, and not left
// to libcurl, so that the name to look up is known before. Internal to curl_http.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "deliver/http.h"

namespace dingtail::deliver {

// What the environment says of proxies, read as curl(1) reads it.
struct ProxyEnvironment {
  std::string proxy;     // https_proxy, HTTPS_PROXY, all_proxy or ALL_PROXY: the first that says something
  std::string no_proxy;  // no_proxy or NO_PROXY: hosts, domains, addresses and networks that go without

  static ProxyEnvironment read();
};

struct Route {
  std::string scheme;  // of the webhook: "https", or "http" where that stays on this host
  std::string proxy;   // its URL; empty: none
  std::string host;    // whom to connect to
  std::uint16_t port = 0;

  // Not where the host is an address already, or this machine's name for itself.
  [[nodiscard]] bool needs_look_up() const;
};

// None: nothing is sent to such an address (malformed, or http to another host than this one).
std::optional<Route> route_of(const HttpRequest& request, const ProxyEnvironment& environment);

}  // namespace dingtail::deliver
