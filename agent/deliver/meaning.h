// What an errcode, an HTTP status or a failure of the transport means: the facts of dingtalk.md, section 8,
// as tables. Pure. judge.h reads answers by them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "deliver/http.h"
#include "deliver/judge.h"

namespace dingtail::deliver {

struct Meaning {
  Verdict verdict = Verdict::kRetry;
  base::Millis wait{0};
  std::string_view remedy;  // of static life
  std::uint32_t tries = 0;
  bool stale_signature = false;
};

Meaning meaning_of_errcode(std::int64_t errcode, std::string_view errmsg);
// The answer that is no errcode but blocks this host's address: "status": 1111.
Meaning meaning_of_shield();
Meaning meaning_of_status(int status);
// REQUIRES: not kOk. `status`: what a proxy answered instead of letting the message through; 0: nothing.
Meaning meaning_of_transport(Transport transport, int status);

}  // namespace dingtail::deliver
