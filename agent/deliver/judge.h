// What an answer means (dingtalk.md, section 8) and what a person can do about it. Pure. Judged by errcode
// first, then by HTTP status, then by what the transport said. What they mean is in meaning.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "deliver/http.h"

namespace dingtail::deliver {

enum class Verdict {
  kDelivered,
  kRetry,      // passes by itself
  kThrottled,  // the robot must rest
  kConfig,     // no message gets through until a person mends something
  kRefused,    // this message can never succeed as it is; others can
};

enum class Reach {
  kNotSent,   // the request never reached the robot
  kAnswered,  // the robot spoke: the outcome is known
  kUnknown,   // the message may have been delivered
};

struct Judgement {
  Verdict verdict = Verdict::kRetry;
  std::optional<std::int64_t> errcode;
  std::string errmsg;       // one short printable line, without secrets and signature
  std::string_view remedy;  // one sentence for a person, of static life; empty when delivered
  Reach reach = Reach::kUnknown;
  base::Millis wait{0};          // the least time before the next attempt; while kRetry the back-off decides
  base::Millis retry_after{0};   // kRetry: what the server asked for; the back-off may be longer
  std::uint32_t tries = 0;       // kRetry: after so many such answers in a row take it as kRefused; 0: never
  bool stale_signature = false;  // kConfig: but a signature with a better clock may pass
};

// What the server may echo and nobody may see. None is empty.
using Secrets = std::vector<std::string_view>;

Judgement judge(const HttpAnswer& answer, const Secrets& secrets);

// The robot did not take the message, for a reason of its own or of the way to it.
bool another_may_take(const Judgement& judgement);

}  // namespace dingtail::deliver
