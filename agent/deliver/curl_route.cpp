#include "deliver/curl_route.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/text.h"

namespace dingtail::deliver {
namespace {

constexpr unsigned int kProxyPort = 1080;  // libcurl's own, of a proxy's URL without one
constexpr unsigned int kHttpsPort = 443;

struct Address {
  std::string scheme;
  std::string host;  // without brackets, as it goes into a look-up
  std::uint16_t port = 0;
};

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

std::string without_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

std::optional<Address> address_of(const std::string& text) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  constexpr unsigned int kAnyScheme = CURLU_NON_SUPPORT_SCHEME;  // a proxy's are not all of URLs
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), kAnyScheme) != CURLUE_OK) return std::nullopt;
  Address out{part_of(url.get(), CURLUPART_SCHEME), without_brackets(part_of(url.get(), CURLUPART_HOST)), 0};
  if (out.host.ends_with('.')) out.host.pop_back();  // as libcurl does
  if (out.host.empty()) return std::nullopt;
  const auto port = part_of(url.get(), CURLUPART_PORT);
  std::from_chars(port.data(), port.data() + port.size(), out.port);
  return out;
}

// The first that says something.
std::string variable(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return {};
}

using Bytes = std::array<unsigned char, sizeof(in6_addr)>;

struct Numeric {
  int family = AF_UNSPEC;
  Bytes bytes{};
};

// A host that is an address.
std::optional<Numeric> numeric(const std::string& host) {
  for (const int family : {AF_INET, AF_INET6}) {
    Numeric out{family, {}};
    if (::inet_pton(family, host.c_str(), out.bytes.data()) == 1) return out;
  }
  return std::nullopt;
}

// "10.0.0.0/8", or an address alone.
bool is_in_network(const Numeric& host, std::string_view network) {
  const auto slash = network.find('/');
  const auto base = numeric(without_brackets(network.substr(0, slash)));
  if (!base || base->family != host.family) return false;
  unsigned int bits = host.family == AF_INET ? 32 : 128;
  if (slash != std::string_view::npos) {
    unsigned int given = 0;
    std::from_chars(network.data() + slash + 1, network.data() + network.size(), given);
    bits = std::min(bits, given);
  }
  for (std::size_t i = 0; bits > 0; ++i) {
    const auto of_byte = std::min(bits, 8U);
    const auto differ = static_cast<unsigned int>(host.bytes.at(i) ^ base->bytes.at(i));
    if (differ >> (8 - of_byte) != 0) return false;
    bits -= of_byte;
  }
  return true;
}

bool is_in_domain(std::string_view host, std::string_view domain) {
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain.ends_with('.')) domain.remove_suffix(1);
  if (domain.empty() || host.size() < domain.size()) return false;
  const auto rest = host.size() - domain.size();
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };  // names are ASCII
  return std::equal(domain.begin(), domain.end(), host.begin() + static_cast<std::ptrdiff_t>(rest), same) &&
         (rest == 0 || host[rest - 1] == '.');
}

bool goes_without(const std::string& host, std::string no_proxy) {
  std::replace(no_proxy.begin(), no_proxy.end(), ' ', ',');
  const auto address = numeric(host);
  const auto parts = base::split(no_proxy, ',');
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return part == "*" || (address ? is_in_network(*address, part) : is_in_domain(host, part));
  });
}

// In the form that libcurl takes for just that: no name but its own is looked up on this side of it.
std::string with_scheme(const std::string& proxy) {
  if (proxy.empty()) return proxy;
  if (proxy.starts_with("socks5://")) return "socks5h" + proxy.substr(proxy.find(':'));
  if (proxy.starts_with("socks4://")) return "socks4a" + proxy.substr(proxy.find(':'));
  return proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
}

}  // namespace

ProxyEnvironment ProxyEnvironment::read() {
  return {variable({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
          variable({"no_proxy", "NO_PROXY"})};
}

bool Route::needs_look_up() const {
  // libcurl knows these names itself, whatever a resolver says of them.
  return !host.empty() && host != "localhost" && !host.ends_with(".localhost") && !numeric(host);
}

std::optional<Route> route_of(const HttpRequest& request, const ProxyEnvironment& environment) {
  const auto target = address_of(request.url.reveal());
  if (!target) return std::nullopt;
  const auto& scheme = target->scheme;
  if (scheme == "http") {  // what is not encrypted stays on this host
    const bool stays = base::is_loopback(target->host) || target->host == "::1";
    return stays ? std::optional<Route>({scheme, {}, target->host, target->port}) : std::nullopt;
  }
  if (scheme != "https") return std::nullopt;
  const bool by_environment = request.proxy.empty() && !goes_without(target->host, environment.no_proxy);
  const auto proxy = with_scheme(by_environment ? environment.proxy : request.proxy);
  Route out{scheme, proxy, target->host, target->port};
  unsigned int port = kHttpsPort;
  if (!proxy.empty()) {
    const auto through = address_of(proxy).value_or(Address{});  // what is no URL libcurl refuses by name
    out.host = through.host;
    out.port = through.port;
    if (!proxy.starts_with("https://")) port = kProxyPort;
  }
  if (out.port == 0) out.port = static_cast<std::uint16_t>(port);
  return out;
}

}  // namespace dingtail::deliver
