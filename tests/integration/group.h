// A group with its robot: the sandbox behind real HTTPS, and what it received.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "sandbox/server.h"
#include "support/certificate.h"
#include "support/process.h"

namespace dingtail::integration {

inline constexpr const char* kSecret = "SECplanted-secret-0123456789abcdef";
inline constexpr const char* kToken = "planted-token-fedcba9876543210";
inline constexpr const char* kKeyword = "告警";

struct GroupOptions {
  std::string secret = kSecret;
  std::string token = kToken;
  std::vector<std::string> keywords = {kKeyword};
  std::size_t per_minute = 0;  // 0: no limit, so that a test need not take minutes
  test::CertificateOptions certificate{};
};

using Messages = std::vector<sandbox::Received>;

class Group {
 public:
  explicit Group(const GroupOptions& options = {});

  [[nodiscard]] std::string url() const { return url_; }
  // The certificate that a target must trust, PEM.
  [[nodiscard]] const std::string& certificate() const { return certificate_.pem; }
  sandbox::Server& robot() { return *server_; }

  // Refuses connections from now on, keeping its port; and takes them again.
  void close();
  void open();

  // Each request, in order.
  Messages requests();
  // What the group sees of alerts: accepted messages, each msgUuid once.
  Messages messages();
  // The same of the agent's own troubles.
  Messages notices();
  // True as soon as `holds` of messages(), false if it did not until the deadline.
  bool wait_for(const std::function<bool(const Messages&)>& holds,
                std::chrono::milliseconds deadline = test::kDeadline);
  // Until so many alerts were told of.
  bool wait_for(std::size_t count);

  // When the request arrived, for latencies; by index in requests().
  std::chrono::steady_clock::time_point arrival(std::size_t index);

 private:
  void listen(std::uint16_t port);

  GroupOptions options_;
  test::Certificate certificate_;
  std::string url_;
  std::mutex mutex_;
  std::condition_variable grown_;
  Messages requests_;
  std::vector<std::chrono::steady_clock::time_point> arrivals_;
  base::Fd reserved_;  // holds the port while closed
  std::unique_ptr<sandbox::Server> server_;
};

// One alert as a message or a line of a digest tells of it. REQUIRES: the rule's summary is "N hits", or
// "KEY: N hits".
struct ToldAlert {
  std::string key;
  std::uint64_t hits = 0;
};
std::vector<ToldAlert> alerts_in(const sandbox::Received& message);
std::vector<ToldAlert> alerts_in(const Messages& messages);

// The hits that a message reports.
std::uint64_t hits_in(const sandbox::Received& message);
std::uint64_t hits_in(const Messages& messages);

}  // namespace dingtail::integration
