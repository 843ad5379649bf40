#include "deliver/meaning.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>

namespace dingtail::deliver {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr base::Millis kProbe = minutes(10);  // of a robot that a person must mend
constexpr base::Millis kQuotaProbe = hours(1);
constexpr base::Millis kRest = minutes(10);
constexpr base::Millis kRefusedProbe = hours(1);

constexpr Meaning passes(std::string_view remedy, std::uint32_t tries = 0) {
  return {Verdict::kRetry, tries == 0 ? base::Millis{0} : kRefusedProbe, remedy, tries};
}
constexpr Meaning rests(std::string_view remedy) {
  return {Verdict::kThrottled, kRest, remedy};
}
constexpr Meaning mend(std::string_view remedy, base::Millis probe = kProbe) {
  return {Verdict::kConfig, probe, remedy};
}
constexpr Meaning refused(std::string_view remedy) {
  return {Verdict::kRefused, kRefusedProbe, remedy};
}

constexpr std::string_view kBusy =
    "Nothing to mend: DingTalk has a passing trouble, and the message is sent again.";
constexpr std::string_view kTooFast =
    "Nothing to mend here, but if other hosts or tools use this robot, lower per_minute so that all of them "
    "together stay below its 20 messages a minute.";
constexpr std::string_view kBlocked =
    "DingTalk has blocked this host, organisation or app for a while: find out what else behind this address "
    "calls it.";
constexpr std::string_view kQuota =
    "The organisation's DingTalk quota for the month is used up: buy more or wait for the next month.";
constexpr std::string_view kToken =
    "DingTalk does not know this access_token: copy the robot's webhook again from its settings in the "
    "group.";
constexpr std::string_view kRobotGone =
    "The robot is disabled or no longer in the group: enable or add it there, and copy its webhook again.";
constexpr std::string_view kGroupGone =
    "The group was dissolved: point the target at a robot of another group.";
constexpr std::string_view kKeyword =
    "The robot wants one of its keywords in each message: list them in the target's `keywords`.";
constexpr std::string_view kClock = "This host's clock is more than an hour off: set it by NTP.";
constexpr std::string_view kSecret =
    "The signature does not match: copy the secret again from the robot's security settings into the "
    "target's `secret`.";
constexpr std::string_view kAddress =
    "The robot takes messages from listed IPv4 addresses alone: add this host's public address to its "
    "security settings.";
constexpr std::string_view kSecurity =
    "The robot's security settings refuse the message: compare its keywords, secret and addresses with the "
    "target.";
constexpr std::string_view kMangled =
    "Something between this host and DingTalk changes the request: check `webhook` and `proxy` of the "
    "target.";
constexpr std::string_view kMalformed =
    "DingTalk does not take this message as it is built: please report it as a fault of dingtail.";
constexpr std::string_view kTooLarge = "The message is too large for DingTalk: lower the rule's `samples`.";
constexpr std::string_view kUnsafe =
    "DingTalk's content check refuses this message: exclude such records, or show fewer samples of them.";
constexpr std::string_view kUnknownCode =
    "This errcode is not known to dingtail: look it up in DingTalk's documentation.";
constexpr std::string_view kNoErrcode =
    "The answer is not DingTalk's: check that `webhook` is right and that no proxy or login page answers in "
    "its place.";
constexpr std::string_view kServer =
    "The server or a gateway before it has a trouble: the message is sent again.";
constexpr std::string_view kMoved =
    "The webhook's host redirects, which is never followed: give the final address in `webhook`.";
constexpr std::string_view kProxyLogin =
    "The proxy refuses: give it the right address, user and password in `proxy`.";
constexpr std::string_view kProxyDown =
    "The proxy cannot be reached: check `proxy` of the target and the proxy itself.";
constexpr std::string_view kHttpRefused =
    "The server refuses the request: check the address in `webhook` and any proxy on the way.";
constexpr std::string_view kUrl = "`webhook` must be an https address (http to this host's loopback alone).";
constexpr std::string_view kResolve =
    "The host's name cannot be resolved: check its spelling in `webhook` and `proxy`, and the DNS.";
constexpr std::string_view kConnect =
    "The host cannot be reached: check the network, the firewall and the target's `proxy`.";
constexpr std::string_view kTls =
    "The host's certificate is not trusted: check the host's name and this host's clock, or give the "
    "issuer's certificate in `ca_file`.";
constexpr std::string_view kTlsVersion =
    "The host does not speak TLS 1.2 or newer: check the port in `webhook`, and update the host or the "
    "gateway before it.";
constexpr std::string_view kSlow =
    "The host does not answer in time: check the network and any proxy on the way.";
constexpr std::string_view kOther = "The connection broke: check the network and any proxy on the way.";

struct Entry {
  std::int64_t first;
  std::int64_t last;
  Meaning meaning;
};

// The first row that holds an errcode decides. Those whose errmsg matters are in by_words().
constexpr std::array kErrcodes = {
    Entry{0, 0, {Verdict::kDelivered, base::Millis{0}, {}}},
    Entry{-1, -1, passes(kBusy)},
    Entry{500100, 500100, passes(kBusy, 6)},  // seen once to stay for one shape of request
    Entry{660026, 660026, passes(kBusy)},
    Entry{410100, 410100, rests(kTooFast)},
    Entry{130101, 130101, rests(kTooFast)},
    Entry{450101, 450101, rests(kTooFast)},
    Entry{90002, 90002, passes(kBusy)},
    Entry{90018, 90018, passes(kBusy)},
    Entry{90001, 90014, rests(kBlocked)},
    Entry{90020, 90020, mend(kQuota, kQuotaProbe)},
    Entry{90030, 90030, mend(kQuota, kQuotaProbe)},
    Entry{300005, 300005, mend(kToken)},
    Entry{400101, 400101, mend(kToken)},
    Entry{40014, 40014, mend(kToken)},
    Entry{88, 88, mend(kToken)},
    Entry{400102, 400102, mend(kRobotGone)},
    Entry{400106, 400106, mend(kRobotGone)},
    Entry{400013, 400013, mend(kGroupGone)},
    Entry{43002, 43002, mend(kMangled)},
    Entry{43004, 43004, mend(kMangled)},
    Entry{400105, 400105, refused(kMalformed)},
    Entry{400200, 400299, refused(kMalformed)},
    Entry{400400, 400499, refused(kMalformed)},
    Entry{400600, 400699, refused(kMalformed)},
    Entry{401104, 401104, refused(kMalformed)},
    Entry{460101, 460101, refused(kTooLarge)},
    Entry{101002, 101002, refused(kTooLarge)},
    Entry{430101, 430104, refused(kUnsafe)},
};

// The first row that holds a status decides.
constexpr std::array kStatuses = {
    Entry{200, 299, passes(kNoErrcode)}, Entry{300, 399, mend(kMoved)},
    Entry{407, 407, mend(kProxyLogin)},  Entry{408, 408, passes(kServer)},
    Entry{413, 413, refused(kTooLarge)}, Entry{429, 429, passes(kServer)},
    Entry{400, 499, mend(kHttpRefused)}, Entry{0, 999, passes(kServer)},
};

template <std::size_t kSize>
std::optional<Meaning> find(const std::array<Entry, kSize>& table, std::int64_t number) {
  const auto row = std::find_if(table.begin(), table.end(), [=](const Entry& each) {
    return each.first <= number && number <= each.last;
  });
  return row == table.end() ? std::nullopt : std::optional(row->meaning);
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool has_any(std::string_view text, std::string_view english, std::string_view chinese) {
  return has(text, english) || has(text, chinese);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// 310000 is one code for four security checks. The mismatch stands before the clock: its Chinese words name
// the timestamp too.
Meaning by_security_words(std::string_view words) {
  if (has_any(words, "keyword", "关键词")) return mend(kKeyword);
  if (has_any(words, "sign not match", "签名不匹配")) return mend(kSecret);
  if (has_any(words, "timestamp", "时间戳")) return {Verdict::kConfig, kProbe, kClock, 0, true};
  if (has_any(words, "whitelist", "白名单")) return mend(kAddress);
  if (has_any(words, "sign", "签名")) return mend(kSecret);
  return mend(kSecurity);
}

std::optional<Meaning> by_words(std::int64_t errcode, std::string_view errmsg) {
  const auto words = lower(errmsg);
  if (errcode == 310000) return by_security_words(words);
  if (errcode == 300001) return has(words, "null") ? refused(kMalformed) : mend(kToken);
  if (errcode == 40035) return has(words, "token") ? mend(kToken) : refused(kMalformed);
  return std::nullopt;
}

}  // namespace

Meaning meaning_of_errcode(std::int64_t errcode, std::string_view errmsg) {
  if (const auto meaning = by_words(errcode, errmsg)) return *meaning;
  return find(kErrcodes, errcode).value_or(passes(kUnknownCode, 3));
}

Meaning meaning_of_shield() {
  return rests(kBlocked);
}

Meaning meaning_of_status(int status) {
  return find(kStatuses, status).value_or(passes(kServer));
}

Meaning meaning_of_transport(Transport transport, int status) {
  switch (transport) {
    case Transport::kUrl:
      return mend(kUrl);
    case Transport::kResolve:
      return passes(kResolve);
    case Transport::kConnect:
      return passes(kConnect);
    case Transport::kTls:
      return mend(kTls);
    case Transport::kTlsVersion:
      return mend(kTlsVersion);
    case Transport::kProxy:  // a page instead of the way through wants a person too
      return status >= 300 && status < 500 ? mend(kProxyLogin) : passes(kProxyDown);
    case Transport::kTimeout:
      return passes(kSlow);
    case Transport::kTooLarge:
      return passes(kNoErrcode);
    case Transport::kOk:
    case Transport::kOther:
      break;
  }
  return passes(kOther);
}

}  // namespace dingtail::deliver
