// One POST as libcurl carries it: an easy handle with all its settings, and what its end means. Internal to
// curl_http.cpp, which runs it; here CURL and CURLcode stand as what they are, void and int.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "deliver/curl_http.h"
#include "deliver/curl_route.h"
#include "deliver/http.h"
#include "deliver/resolver.h"
#include "deliver/trust.h"

struct curl_slist;

namespace dingtail::deliver {

HttpAnswer no_answer(Transport why, std::string error);

class CurlTransfer {
 public:
  // `resolved`: of a route that needs no look-up nothing. Or at once an answer: a name without an address, or
  // certificates that cannot be read.
  static tl::expected<std::unique_ptr<CurlTransfer>, HttpAnswer> prepare(const HttpRequest& request,
                                                                         const Route& route,
                                                                         const Resolved& resolved,
                                                                         const CurlOptions& options,
                                                                         Trust& trust);

  [[nodiscard]] void* easy() const { return easy_.get(); }
  // Once, after it ended with that CURLcode.
  HttpAnswer end(int code);

 private:
  struct Freer {
    void operator()(void* easy) const;
    void operator()(curl_slist* list) const;
  };

  CurlTransfer(const HttpRequest& request, const Route& route, const Resolved& resolved, TrustStore trust);
  void set_security();
  void set_connection(const CurlOptions& options);
  void set_route(const std::vector<std::string>& addresses);
  void set_message();
  void set_answer();
  bool take_body(std::string_view data);
  bool take_header(std::string_view line);
  [[nodiscard]] Transport transport_of(int code) const;
  [[nodiscard]] std::string told(int code) const;

  HttpRequest request_;
  Route route_;
  std::string not_resolved_;  // empty, or why the addresses are not of now
  TrustStore trust_;          // none for http
  HttpAnswer answer_;
  std::size_t header_bytes_ = 0;
  bool too_large_ = false;
  std::array<char, 256> error_{};
  std::unique_ptr<curl_slist, Freer> headers_;
  std::unique_ptr<curl_slist, Freer> resolve_;
  std::unique_ptr<void, Freer> easy_;  // first to end: it points to the others
};

}  // namespace dingtail::deliver
