// The signature of DingTalk's robot webhook (dingtalk.md, section 2). Pure; the time is an argument.
#pragma once

#include <string>

#include "base/secret.h"
#include "base/time.h"

namespace dingtail::deliver {

// Percent-encoded, ready to stand in a query.
std::string sign(base::Wall at, const base::Secret& secret);

// The webhook with `timestamp` and `sign` in its query, in place of any that stand there already. A robot
// without a secret does not sign: the webhook as it is.
base::Secret signed_url(const base::Secret& webhook, const base::Secret& secret, base::Wall at);

}  // namespace dingtail::deliver
