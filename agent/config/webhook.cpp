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
  std::string scheme;                    // in small letters, as the host
  std::string host;                      // empty: there is none, or a user before it
  std::optional<std::string_view> port;  // as written
  std::string_view rest;                 // path and query
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

Address address_of(std::string_view url) {
  Address out;
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return out;
  out.scheme = lower(url.substr(0, scheme));
  url = url.substr(0, url.find('#'));
  url.remove_prefix(std::min(scheme + 3, url.size()));
  auto server = url.substr(0, url.find_first_of("/?"));
  out.rest = url.substr(server.size());
  if (server.find('@') != std::string_view::npos) return out;
  const auto end =
      server.starts_with('[') ? std::min(server.find(']'), server.size() - 1) + 1 : server.find(':');
  const auto host = server.substr(0, end);
  out.host = lower(host);
  server.remove_prefix(host.size());
  if (!server.empty()) out.port = server.substr(1);
  return out;
}

// 0: it is none.
std::uint16_t number_of(std::string_view port) {
  std::uint16_t number = 0;
  const auto* end = port.data() + port.size();
  const auto [at, error] = std::from_chars(port.data(), end, number);
  return error == std::errc{} && at == end ? number : std::uint16_t{0};
}

bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
}

void check_token(std::string_view url, const Place& place, Problems& problems) {
  const auto token = url.find(kToken);
  if (token == std::string_view::npos) {
    problems.warning(place, "`webhook` has no access_token",
                     "copy the whole URL from the robot's page: …/robot/send?access_token=…");
    return;
  }
  const auto rest = url.substr(token + kToken.size());
  if (rest.empty() || rest.front() == '&')
    problems.error(place, "`webhook` has an empty access_token", std::string(kPage));
}

}  // namespace

std::string checked_webhook(const Located<std::string>& written, Problems& problems) {
  const auto& place = written.place;
  const auto text = base::trim(written.value);
  const auto [scheme, host, port, rest] = address_of(text);
  if (host.empty()) {
    problems.error(place, "`webhook` is not a URL with a host", std::string(kPage));
    return std::string(text);
  }
  const auto number = port ? number_of(*port) : std::uint16_t{0};
  if (port && number == 0)
    problems.error(place, "`webhook` has a port that is none", "write one from 1 to 65535, or none for 443");
  if (std::ranges::any_of(text, is_blank))
    problems.error(place, "`webhook` has a blank or a control character in it", std::string(kPage));
  if (scheme != "https" && !(scheme == "http" && base::is_loopback(host)))
    problems.error(place, "`webhook` must be https (plain http is for loopback alone)",
                   "write https://" + host + "/…");
  check_token(rest, place, problems);
  const bool usual = number == 0 || number == (scheme == "https" ? 443 : 80);
  return scheme + "://" + host + (usual ? "" : ":" + std::to_string(number)) + std::string(rest);
}

}  // namespace dingtail::config
