#include "deliver/curl_transfer.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/text.h"

namespace dingtail::deliver {
namespace {

constexpr std::size_t kMostAnswerBytes = std::size_t{64} * 1024;  // of its headers, and of its body
constexpr std::chrono::seconds kMostRetryAfter = std::chrono::hours(1);

long number_of(CURL* easy, CURLINFO what) {
  long value = 0;
  curl_easy_getinfo(easy, what, &value);
  return value;
}

bool has_passed(CURL* easy, CURLINFO moment) {
  curl_off_t at = 0;
  curl_easy_getinfo(easy, moment, &at);
  return at > 0;
}

std::optional<base::Wall> date_of(CURL* easy) {
  curl_header* date = nullptr;
  if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &date) != CURLHE_OK) return std::nullopt;
  const auto seconds = curl_getdate(date->value, nullptr);
  if (seconds < 0) return std::nullopt;
  return base::Wall(std::chrono::seconds(seconds));
}

// Seconds, or a date: that by the server's own clock.
base::Millis retry_after_of(CURL* easy, std::optional<base::Wall> date) {
  curl_header* header = nullptr;
  if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return {};
  const std::string_view text = header->value;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) {
    const auto until = curl_getdate(header->value, nullptr);
    seconds = until < 0 || !date ? 0 : until - base::unix_ms(*date) / 1000;
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kMostRetryAfter.count()));
}

// By OpenSSL's words: libcurl has one code for all that ends a handshake, also for a connection that broke.
bool speaks_no_safe_tls(std::string_view error) {
  constexpr std::array<std::string_view, 4> kWords = {"unsupported protocol", "protocol version",
                                                      "wrong version number", "no protocols available"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return error.find(words) != std::string_view::npos; });
}

// "oapi.example:443:192.0.2.1,[2001:db8::1]", as CURLOPT_RESOLVE takes it.
std::string resolve_entry(const Route& route, const std::vector<std::string>& addresses) {
  std::string out = route.host + ":" + std::to_string(route.port) + ":";
  for (const auto& each : addresses) {
    if (&each != &addresses.front()) out += ',';
    out += each.find(':') == std::string::npos ? each : "[" + each + "]";
  }
  return out;
}

}  // namespace

HttpAnswer no_answer(Transport why, std::string error) {
  HttpAnswer answer;
  answer.transport = why;
  answer.error = std::move(error);
  return answer;
}

void CurlTransfer::Freer::operator()(void* easy) const {
  curl_easy_cleanup(easy);
}
void CurlTransfer::Freer::operator()(curl_slist* list) const {
  curl_slist_free_all(list);
}

tl::expected<std::unique_ptr<CurlTransfer>, HttpAnswer> CurlTransfer::prepare(const HttpRequest& request,
                                                                              const Route& route,
                                                                              const Resolved& resolved,
                                                                              const CurlOptions& options,
                                                                              Trust& trust) {
  if (route.needs_look_up() && resolved.addresses.empty())
    return tl::unexpected(no_answer(route.proxy.empty() ? Transport::kResolve : Transport::kProxy,
                                    "resolving " + route.host + ": " + resolved.error));
  TrustStore store;
  if (route.scheme == "https") {
    auto loaded = trust.with(request.ca_file);
    if (!loaded) return tl::unexpected(no_answer(Transport::kTls, loaded.error().what));
    store = std::move(*loaded);
  }
  std::unique_ptr<CurlTransfer> transfer(new CurlTransfer(request, route, resolved, std::move(store)));
  transfer->set_security();
  transfer->set_connection(options);
  transfer->set_route(resolved.addresses);
  transfer->set_message();
  transfer->set_answer();
  return transfer;
}

CurlTransfer::CurlTransfer(const HttpRequest& request, const Route& route, const Resolved& resolved,
                           TrustStore trust)
    : request_(request),
      route_(route),
      not_resolved_(resolved.error),
      trust_(std::move(trust)),
      easy_(curl_easy_init()) {}

void CurlTransfer::set_security() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, route_.scheme.c_str());
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  // All trust comes from our store. libcurl loads its own anew for each message (33 ms on the loop) or caches
  // one for all of them, which then would replace ours.
  for (const auto option : {CURLOPT_CAINFO, CURLOPT_CAPATH, CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH})
    curl_easy_setopt(easy, option, nullptr);
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  const auto trust_ours = [](CURL* /*easy*/, void* ssl_ctx, void* self) {
    Trust::give(static_cast<CurlTransfer*>(self)->trust_, ssl_ctx);
    return CURLE_OK;
  };
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, +trust_ours);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
}

void CurlTransfer::set_connection(const CurlOptions& options) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A name that it looks up by itself after all must not stop the loop when it is given up.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
}

void CurlTransfer::set_route(const std::vector<std::string>& addresses) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PROXY, route_.proxy.c_str());  // empty: none, whatever the environment says
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  if (addresses.empty()) return;
  resolve_.reset(curl_slist_append(nullptr, resolve_entry(route_, addresses).c_str()));
  curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve_.get());
}

void CurlTransfer::set_message() {
  CURL* easy = easy_.get();
  headers_.reset(curl_slist_append(nullptr, "Content-Type: application/json; charset=utf-8"));
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.reveal().c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "dingtail");
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
}

void CurlTransfer::set_answer() {
  CURL* easy = easy_.get();
  const auto on_body = [](char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<CurlTransfer*>(self)->take_body({data, size * count}) ? size * count : 0;
  };
  const auto on_header = [](char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<CurlTransfer*>(self)->take_header({data, size * count}) ? size * count : 0;
  };
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, +on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, +on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  static_assert(std::tuple_size_v<decltype(error_)> >= CURL_ERROR_SIZE);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
}

bool CurlTransfer::take_body(std::string_view data) {
  const auto room = kMostAnswerBytes - answer_.body.size();
  answer_.body.append(data.substr(0, room));
  too_large_ = data.size() > room;
  return !too_large_;
}

bool CurlTransfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  too_large_ = header_bytes_ > kMostAnswerBytes;
  return !too_large_;
}

HttpAnswer CurlTransfer::end(int code) {
  CURL* easy = easy_.get();
  auto answer = std::move(answer_);
  answer.transport = transport_of(code);
  if (code != CURLE_OK) answer.error = told(code);
  const bool by_proxy = answer.transport == Transport::kProxy;
  answer.status =
      static_cast<int>(number_of(easy, by_proxy ? CURLINFO_HTTP_CONNECTCODE : CURLINFO_RESPONSE_CODE));
  answer.date = date_of(easy);
  answer.retry_after = retry_after_of(easy, answer.date);
  return answer;
}

Transport CurlTransfer::transport_of(int code) const {
  if (code == CURLE_OK) return Transport::kOk;
  if (too_large_) return Transport::kTooLarge;
  CURL* easy = easy_.get();
  if (has_passed(easy, CURLINFO_PRETRANSFER_TIME_T))
    return code == CURLE_OPERATION_TIMEDOUT ? Transport::kTimeout : Transport::kOther;
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) return Transport::kUrl;
  if (number_of(easy, CURLINFO_HTTP_CONNECTCODE) >= 300) return Transport::kProxy;
  if (!not_resolved_.empty() && route_.proxy.empty()) return Transport::kResolve;  // it may have moved
  if (code == CURLE_PEER_FAILED_VERIFICATION) return Transport::kTls;
  if (code == CURLE_SSL_CONNECT_ERROR && speaks_no_safe_tls(error_.data())) return Transport::kTlsVersion;
  const bool by_proxy = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_PROXY ||
                        code == CURLE_PROXY || code == CURLE_OPERATION_TIMEDOUT;
  return by_proxy && !route_.proxy.empty() ? Transport::kProxy : Transport::kConnect;
}

// What libcurl says, without the address: that opens the door.
std::string CurlTransfer::told(int code) const {
  if (too_large_) return "the answer is larger than 64 KiB";
  std::string text = error_[0] != '\0' ? error_.data() : curl_easy_strerror(static_cast<CURLcode>(code));
  const std::string_view url = request_.url.reveal();
  text = base::replace_all(std::move(text), url, "the webhook");
  if (const auto query = url.find('?'); query != std::string_view::npos && query + 1 < url.size())
    text = base::replace_all(std::move(text), url.substr(query + 1), "***");
  if (!route_.proxy.empty()) text = base::replace_all(std::move(text), route_.proxy, "the proxy");
  // How long it took differs each time, and would make the same trouble speak again.
  if (const auto after = text.find(" after "); after != std::string::npos && text.ends_with(" ms"))
    text.resize(after);
  text = base::trim(text);
  if (!not_resolved_.empty())
    text = "resolving " + route_.host + ": " + not_resolved_ + "; at its last known address: " + text;
  return text;
}

}  // namespace dingtail::deliver
