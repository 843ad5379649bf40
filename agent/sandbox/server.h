// The robot (robot.h) behind a real HTTP or HTTPS socket, with threads of its own, and able to misbehave as
// networks and gateways do. Its edge of the world: it reads the clock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "sandbox/received.h"

namespace dingtail::sandbox {

// With RST, as a crashing peer does. Before the body the robot has got no message; after it, it has.
enum class Reset { kNo, kBeforeBody, kAfterBody };

// A message that is answered with another errcode or an HTTP status of a gateway's does not reach the group;
// one whose answer is late, lost (reset) or garbage does. Several may be combined.
struct Misbehaviour {
  base::Millis delay{};  // between the message's arrival and the answer
  int errcode = 0;       // 0: the robot's own
  std::string errmsg{};
  int http_status = 0;  // 0: the robot's own
  Reset reset = Reset::kNo;
  std::string garbage{};  // bytes to answer with instead of JSON
  std::size_t times = 0;  // for so many requests, then as it should; 0: for good
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;             // 0: any free one
  std::string tls_certificate_pem{};  // with its key: HTTPS; both empty: HTTP
  std::string tls_key_pem{};
  Misbehaviour misbehaviour{};
};

class Server {
 public:
  // Called once a message, before it is answered, on a thread of the server's, never two at a time. Must not
  // throw, and must not end the server.
  using OnMessage = std::function<void(const Received&)>;

  static base::Result<std::unique_ptr<Server>> start(const ServerOptions& options, RobotOptions robot,
                                                     OnMessage on_message);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();  // stops: late answers are not waited for

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // What a target's `webhook` is to be: "http://127.0.0.1:8080/robot/send?access_token=…". Holds the robot's
  // token.
  [[nodiscard]] const std::string& url() const { return url_; }

  // From the next request on, in place of what was before. From any thread.
  void misbehave(Misbehaviour misbehaviour);

 private:
  class Daemon;
  Server(std::unique_ptr<Daemon> daemon, std::uint16_t port, std::string url);

  std::unique_ptr<Daemon> daemon_;
  std::uint16_t port_;
  std::string url_;
};

}  // namespace dingtail::sandbox
