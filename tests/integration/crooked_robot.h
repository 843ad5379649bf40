// A robot that judges each request as strictly as the sandbox does, and then answers as a test tells it, byte
// by byte, over real TLS.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sandbox/robot.h"
#include "support/loopback_server.h"
#include "support/process.h"

namespace dingtail::integration {

struct Attempt {
  std::string timestamp;  // of the URL's query
  std::string sign;
  std::string body;
  sandbox::Verdict verdict;  // what a robot that is in order says to it
};

class CrookedRobot {
 public:
  using Answer = std::function<void(test::LoopbackConnection&)>;

  explicit CrookedRobot(const test::CertificateOptions& certificate = {}, int newest_tls = 0);

  // The target "bad", as TOML: with group.h's secret, token and keyword; `more` are further keys. What it
  // must trust is written to `ca_file`.
  [[nodiscard]] std::string target(const std::string& ca_file, const std::string& more = "",
                                   const std::string& host = "127.0.0.1") const;
  [[nodiscard]] std::uint16_t port() const { return port_; }

  // From the next request on; nothing: as a robot that is in order.
  void answer(Answer answer);
  // Before anything is read: false, and nothing will be.
  void admit(std::function<bool(test::LoopbackConnection&)> admit) { server_->admit(std::move(admit)); }
  // Nobody listens.
  void close() { server_.reset(); }
  // The same port with another certificate, or other TLS.
  void reopen(const test::CertificateOptions& certificate, int newest_tls = 0);

  std::vector<Attempt> attempts();
  bool wait_for_attempts(std::size_t count);
  // Connections on which it got a byte of a request.
  [[nodiscard]] std::size_t connections_with_bytes() const;
  [[nodiscard]] std::size_t connections() const { return server_->requests().size(); }

 private:
  void open(const test::CertificateOptions& certificate, int newest_tls);
  void serve(test::LoopbackConnection& connection, const std::string& request);

  std::mutex mutex_;
  std::condition_variable grown_;
  sandbox::Robot robot_;
  std::vector<Attempt> attempts_;
  Answer answer_;
  test::Certificate certificate_;
  std::uint16_t port_ = 0;
  std::unique_ptr<test::LoopbackServer> server_;
};

// ---- answers

// Whole, with that status line, headers and body.
CrookedRobot::Answer http(const std::string& status, const std::string& headers, const std::string& body);
// "200 OK" with that errcode.
CrookedRobot::Answer errcode(int errcode, const std::string& errmsg);

}  // namespace dingtail::integration
