// The seam to the network: one POST, one answer. curl_http.h is the real one; tests bring their own.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/secret.h"
#include "base/time.h"

namespace dingtail::deliver {

struct HttpRequest {
  base::Secret url;     // signed; never logged
  std::string body;     // JSON
  std::string proxy;    // empty: the environment's
  std::string ca_file;  // empty: the system's trust alone
};

// Why there is no HTTP answer.
enum class Transport {
  kOk,
  kUrl,  // not an address to post to: malformed, or http to another host than this one
  kResolve,
  kConnect,     // or the TLS handshake broke off; nothing was sent
  kTls,         // the host's certificate is not trusted, or ca_file cannot be read; nothing was sent
  kTlsVersion,  // the host speaks no TLS that is safe, or none at all; nothing was sent
  kTimeout,     // sent, and no answer in time
  kTooLarge,
  kProxy,  // the proxy is out of reach or refuses: then its HTTP status is there; nothing was sent
  kOther,  // the connection broke after something was sent
};

struct HttpAnswer {
  Transport transport = Transport::kOk;
  std::string error;               // what the transport said, without the URL
  int status = 0;                  // HTTP status; 0 without an answer
  std::string body;                // at most 64 KiB
  std::optional<base::Wall> date;  // the server's Date header
  base::Millis retry_after{0};     // its Retry-After header, an hour at most
};

class Http {
 public:
  Http() = default;
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;
  virtual ~Http() = default;
  // Calls `done` exactly once, never from inside post(), unless this object ends first.
  virtual void post(const HttpRequest& request, std::function<void(HttpAnswer)> done) = 0;
};

}  // namespace dingtail::deliver
