// A group robot as strict as DingTalk's: it takes a request as a value and says what the real one would
// answer, and why. It does no I/O and reads no clock (server.h does). It shares no code with what it checks,
// deliver/.
//
// The checks, in order; the first that fails decides the answer and is the last one done. Who may send at all
// comes before what is sent:
//   path          /robot/send                                       HTTP 404
//   method        POST                                              43002
//   content-type  application/json                                  43004
//   token         access_token is there, and known                  40035, 300005
//   timestamp     a number, less than an hour off   (with a secret) 310000 invalid timestamp
//   signature     the sign of that timestamp        (with a secret) 310000 sign not match
//   size          at most 20,000 bytes                              460101
//   rate          20 a minute, else nothing for ten minutes         410100
//   json          a JSON object in UTF-8                            40035
//   schema        msgtype and what it needs                         400105, 400201, 400401-400403, 400602
//   keywords      one is in the title or the text   (with keywords) 310000 keywords not in content
//   mention       both halves of each mention are there             told, not refused
// A fault without a documented code is told by a check that did not pass, and the message is accepted.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "sandbox/posted.h"

namespace dingtail::sandbox {

struct RobotOptions {
  base::Secret secret;  // empty: requests need no signature
  base::Secret token;   // empty: any access_token is known
  std::vector<std::string> keywords;
  std::size_t per_minute = 20;  // 0: no limit
};

struct Request {
  std::string method;
  std::string path;                                            // without the query
  std::map<std::string, std::string, std::less<>> parameters;  // decoded; of several by one name, the first
  std::string content_type;
  std::string body;
};

struct Check {
  std::string name;
  bool passed = false;
  std::string detail;  // of one that did not pass
};

// Holds no token, no signature and no secret.
struct Verdict {
  int http_status = 200;
  int errcode = 0;
  std::string errmsg = "ok";
  std::vector<Check> checks;
  Posted posted;
  std::size_t body_bytes = 0;
  bool repeat = false;  // accepted before under the same msgUuid: not shown again

  [[nodiscard]] bool accepted() const { return http_status == 200 && errcode == 0; }
};

class Robot {
 public:
  explicit Robot(RobotOptions options);

  // Judges the request and takes it: it counts against the rate, its msgUuid is remembered.
  Verdict receive(const Request& request, base::Now now);
  // What receive() would say; nothing is taken.
  [[nodiscard]] Verdict judge(const Request& request, base::Now now) const;

 private:
  [[nodiscard]] bool too_fast(base::Mono now) const;

  RobotOptions options_;
  std::deque<base::Mono> latest_;  // when the last `per_minute` messages were accepted
  std::optional<base::Mono> throttled_until_;
  std::set<std::string, std::less<>> seen_;  // msgUuids
};

}  // namespace dingtail::sandbox
