#include "config/webhook.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace dingtail::config {
namespace {

constexpr std::string_view kPage =
    "copy it from the robot's page: https://oapi.dingtalk.com/robot/send?access_token=…";
constexpr std::string_view kToken = "access_token=";

struct Address {
  std::string_view host;
  std::optional<std::string_view> port;  // as written
};

// Its host is empty where there is none, or a user before it.
Address address_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (url.find('@') != std::string_view::npos) return {};
  const auto end = url.starts_with('[') ? std::min(url.find(']'), url.size() - 1) + 1 : url.find(':');
  const auto host = url.substr(0, end);
  url.remove_prefix(host.size());
  if (url.empty()) return {host, std::nullopt};
  return {host, url.substr(1)};
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && at == end && port > 0;
}

bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
}

std::string with_small_scheme(std::string_view url) {
  std::string out(url);
  const auto end = std::min(out.find("://"), out.size());
  std::transform(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(end), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

void check_token(std::string_view url, const Place& place, Problems& problems) {
  const auto token = url.find(kToken);
  if (token == std::string_view::npos) {
    problems.warning(place, "`webhook` has no access_token",
                     "copy the whole URL from the robot's page: …/robot/send?access_token=…");
    return;
  }
  const auto rest = url.substr(token + kToken.size());
  if (rest.empty() || rest.front() == '&' || rest.front() == '#')
    problems.error(place, "`webhook` has an empty access_token", std::string(kPage));
}

}  // namespace

std::string checked_webhook(const Located<std::string>& written, Problems& problems) {
  const auto& place = written.place;
  std::string url = with_small_scheme(base::trim(written.value));
  const auto [host, port] = address_of(url);
  if (host.empty()) {
    problems.error(place, "`webhook` is not a URL with a host", std::string(kPage));
    return url;
  }
  if (port && !is_port(*port))
    problems.error(place, "`webhook` has a port that is none", "write one from 1 to 65535, or none for 443");
  if (std::ranges::any_of(url, is_blank))
    problems.error(place, "`webhook` has a blank or a control character in it", std::string(kPage));
  if (!url.starts_with("https://") && !(url.starts_with("http://") && base::is_loopback(host)))
    problems.error(place, "`webhook` must be https (plain http is for loopback alone)",
                   "write https://" + std::string(host) + "/…");
  check_token(url, place, problems);
  return url;
}

}  // namespace dingtail::config
