#include "deliver/curl_transfer.h"

#include <curl/curl.h>

#include <algorithm>

#include "base/text.h"

namespace dingtail::deliver {
namespace {

constexpr std::size_t kMostAnswerBytes = std::size_t{64} * 1024;  // of its headers, and of its body

HttpAnswer failed(Transport transport, std::string error) {
  HttpAnswer answer;
  answer.transport = transport;
  answer.error = std::move(error);
  return answer;
}

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string out = text;
  curl_free(text);
  return out;
}

// "https", or "http" where that goes to this host alone; nothing for any other address.
std::string usable_scheme(const std::string& address) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  if (curl_url_set(url.get(), CURLUPART_URL, address.c_str(), 0) != CURLUE_OK) return {};
  auto scheme = part_of(url.get(), CURLUPART_SCHEME);
  const bool usable =
      scheme == "https" || (scheme == "http" && base::is_loopback(part_of(url.get(), CURLUPART_HOST)));
  return usable ? scheme : std::string();
}

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

}  // namespace

void CurlTransfer::Freer::operator()(void* easy) const {
  curl_easy_cleanup(easy);
}
void CurlTransfer::Freer::operator()(curl_slist* list) const {
  curl_slist_free_all(list);
}

tl::expected<std::unique_ptr<CurlTransfer>, HttpAnswer> CurlTransfer::prepare(const HttpRequest& request,
                                                                              const CurlOptions& options,
                                                                              Trust& trust) {
  const auto scheme = usable_scheme(request.url.reveal());
  if (scheme.empty())
    return tl::unexpected(failed(Transport::kUrl, "not an https address (or http to loopback)"));
  TrustStore store;
  if (scheme == "https") {
    auto loaded = trust.with(request.ca_file);
    if (!loaded) return tl::unexpected(failed(Transport::kTls, loaded.error().what));
    store = std::move(*loaded);
  }
  std::unique_ptr<CurlTransfer> transfer(new CurlTransfer(request, std::move(store)));
  transfer->set_security(scheme);
  transfer->set_connection(options);
  transfer->set_message();
  transfer->set_answer();
  return transfer;
}

CurlTransfer::CurlTransfer(const HttpRequest& request, TrustStore trust)
    : request_(request), trust_(std::move(trust)), easy_(curl_easy_init()) {}

void CurlTransfer::set_security(const std::string& scheme) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, scheme.c_str());
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  // All trust comes from our store. libcurl loads its own anew for each message (33 ms on the loop) or caches
  // one for all of them, which then would replace ours.
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  const auto trust_ours = [](CURL* /*easy*/, void* ssl_ctx, void* self) {
    Trust::give(static_cast<CurlTransfer*>(self)->trust_, ssl_ctx);
    return CURLE_OK;
  };
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, +trust_ours);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
  if (scheme == "http") {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // what is not encrypted stays on this host
  } else if (!request_.proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, request_.proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");  // the target's word goes before the environment's
  }
}

void CurlTransfer::set_connection(const CurlOptions& options) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // else a dead resolver stops the loop for seconds
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
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
  return answer;
}

Transport CurlTransfer::transport_of(int code) const {
  CURL* easy = easy_.get();
  const bool sent = has_passed(easy, CURLINFO_PRETRANSFER_TIME_T);
  if (code == CURLE_OK) return Transport::kOk;
  if (too_large_) return Transport::kTooLarge;
  if (!sent && number_of(easy, CURLINFO_HTTP_CONNECTCODE) >= 300) return Transport::kProxy;
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Transport::kUrl;
    case CURLE_COULDNT_RESOLVE_HOST:
      return Transport::kResolve;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return Transport::kProxy;
    case CURLE_COULDNT_CONNECT:
      return request_.proxy.empty() ? Transport::kConnect : Transport::kProxy;
    case CURLE_PEER_FAILED_VERIFICATION:
      return Transport::kTls;
    case CURLE_OPERATION_TIMEDOUT:
      if (sent) return Transport::kTimeout;
      return has_passed(easy, CURLINFO_NAMELOOKUP_TIME_T) ? Transport::kConnect : Transport::kResolve;
    default:
      return sent ? Transport::kOther : Transport::kConnect;
  }
}

// What libcurl says, without the address: that opens the door.
std::string CurlTransfer::told(int code) const {
  if (too_large_) return "the answer is larger than 64 KiB";
  std::string text = error_[0] != '\0' ? error_.data() : curl_easy_strerror(static_cast<CURLcode>(code));
  const std::string_view url = request_.url.reveal();
  text = base::replace_all(std::move(text), url, "the webhook");
  if (const auto query = url.find('?'); query != std::string_view::npos && query + 1 < url.size())
    text = base::replace_all(std::move(text), url.substr(query + 1), "***");
  if (!request_.proxy.empty()) text = base::replace_all(std::move(text), request_.proxy, "the proxy");
  // How long it took differs each time, and would make the same trouble speak again.
  if (const auto after = text.find(" after "); after != std::string::npos && text.ends_with(" ms"))
    text.resize(after);
  return std::string(base::trim(text));
}

}  // namespace dingtail::deliver
