// Http over libcurl, on the loop; only this, curl_transfer and curl_route include <curl/curl.h>. A fresh
// connection for each message: libcurl silently repeats a POST on a kept connection that died. Names are
// resolved by resolver.h, not by libcurl. Certificates are always verified. The process must ignore SIGPIPE.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "deliver/curl_route.h"
#include "deliver/http.h"
#include "deliver/resolver.h"
#include "loop/loop.h"

namespace dingtail::deliver {

struct CurlOptions {
  base::Millis connect_timeout = std::chrono::seconds(5);
  base::Millis total_timeout = std::chrono::seconds(10);  // of the look-up, and of the rest
  std::string system_bundle = "/etc/ssl/certs/ca-certificates.crt";
  ProxyEnvironment environment = ProxyEnvironment::read();
  LookUp look_up = look_up_by_system;
};

class CurlHttp : public Http {
 public:
  static base::Result<std::unique_ptr<CurlHttp>> make(loop::Loop& loop, CurlOptions options = {});
  ~CurlHttp() override;

  void post(const HttpRequest& request, std::function<void(HttpAnswer)> done) override;

 private:
  struct Impl;
  explicit CurlHttp(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace dingtail::deliver
