#include "deliver/judge.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace dingtail::deliver {
namespace {

using Json = nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;

constexpr base::Millis kProbe = minutes(10);  // of a robot that a person must mend
constexpr base::Millis kQuotaProbe = hours(1);
constexpr base::Millis kRest = minutes(10);
constexpr base::Millis kRefusedProbe = hours(1);
constexpr std::size_t kErrmsgBytes = 300;

// What a class of answers leads to.
struct Fact {
  Verdict verdict = Verdict::kRetry;
  base::Millis wait{0};
  std::string_view remedy;
  std::uint32_t tries = 0;
  bool stale_signature = false;
};

constexpr Fact passes(std::string_view remedy, std::uint32_t tries = 0) {
  return {Verdict::kRetry, tries == 0 ? base::Millis{0} : kRefusedProbe, remedy, tries};
}
constexpr Fact rests(std::string_view remedy) {
  return {Verdict::kThrottled, kRest, remedy};
}
constexpr Fact mend(std::string_view remedy, base::Millis probe = kProbe) {
  return {Verdict::kConfig, probe, remedy};
}
constexpr Fact refused(std::string_view remedy) {
  return {Verdict::kRefused, kRefusedProbe, remedy};
}

constexpr std::string_view kBusy =
    "Nothing to mend: DingTalk has a passing trouble, and the message is sent again.";
constexpr std::string_view kTooFast =
    "Nothing to mend here, but if other hosts or tools use this robot, lower per_minute so that all of them "
    "together "
    "stay below its 20 messages a minute.";
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
    "security "
    "settings.";
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
    "The host's name cannot be resolved: check its spelling in `webhook` and the DNS.";
constexpr std::string_view kConnect =
    "The host cannot be reached: check the network, the firewall, the target's `proxy`, and that the host "
    "speaks TLS "
    "1.2 or newer.";
constexpr std::string_view kTls =
    "The host's certificate is not trusted: check the host's name and this host's clock, or give the "
    "issuer's "
    "certificate in `ca_file`.";
constexpr std::string_view kSlow =
    "The host does not answer in time: check the network and any proxy on the way.";
constexpr std::string_view kOther = "The connection broke: check the network and any proxy on the way.";

struct Entry {
  std::int64_t first;
  std::int64_t last;
  Fact fact;
};

// The first row that holds an errcode decides. Those whose errmsg matters are in by_words().
constexpr std::array kTable = {
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
Fact by_security_words(std::string_view words) {
  if (has_any(words, "keyword", "关键词")) return mend(kKeyword);
  if (has_any(words, "sign not match", "签名不匹配")) return mend(kSecret);
  if (has_any(words, "timestamp", "时间戳")) return {Verdict::kConfig, kProbe, kClock, 0, true};
  if (has_any(words, "whitelist", "白名单")) return mend(kAddress);
  if (has_any(words, "sign", "签名")) return mend(kSecret);
  return mend(kSecurity);
}

std::optional<Fact> by_words(std::int64_t errcode, std::string_view errmsg) {
  const auto words = lower(errmsg);
  if (errcode == 310000) return by_security_words(words);
  if (errcode == 300001) return has(words, "null") ? refused(kMalformed) : mend(kToken);
  if (errcode == 40035) return has(words, "token") ? mend(kToken) : refused(kMalformed);
  return std::nullopt;
}

Fact fact_of(std::int64_t errcode, std::string_view errmsg) {
  if (const auto fact = by_words(errcode, errmsg)) return *fact;
  const auto* const row = std::find_if(kTable.begin(), kTable.end(), [&](const Entry& each) {
    return each.first <= errcode && errcode <= each.last;
  });
  return row == kTable.end() ? passes(kUnknownCode, 3) : row->fact;
}

Fact by_status(int status) {
  if (status >= 200 && status < 300) return passes(kNoErrcode);
  if (status >= 300 && status < 400) return mend(kMoved);
  if (status == 407) return mend(kProxyLogin);
  if (status == 413) return refused(kTooLarge);
  if (status >= 400 && status < 500 && status != 408 && status != 429) return mend(kHttpRefused);
  return passes(kServer);
}

// The values that open the door, wherever a server may have echoed them.
std::string without_values_of(std::string text, std::string_view key) {
  constexpr std::string_view kEnd = " \t&\"'<>()[]{},;#";
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
    at += key.size();
    text.erase(at, std::min(text.find_first_of(kEnd, at), text.size()) - at);
  }
  return text;
}

std::string one_line(std::string_view raw) {
  std::string out;
  const auto text = base::to_utf8(raw);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    out += c1 || byte < 0x20 || byte == 0x7F ? ' ' : text[i];
  }
  out = without_values_of(without_values_of(std::move(out), "access_token="), "sign=");
  return std::string(base::utf8_prefix(base::trim(out), kErrmsgBytes));
}

std::optional<std::int64_t> integer(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  if (!found->is_string()) return std::nullopt;
  const auto text = base::trim(found->get_ref<const std::string&>());
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string string_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Judgement judgement(const Fact& fact, std::optional<std::int64_t> errcode, std::string_view errmsg,
                    Reach reach) {
  return {fact.verdict, errcode,   one_line(errmsg), fact.remedy,
          reach,        fact.wait, fact.tries,       fact.stale_signature};
}

Judgement judge_errcode(std::int64_t errcode, const Json& body) {
  const auto errmsg = string_of(body, "errmsg");
  auto fact = fact_of(errcode, errmsg);
  // 88 wraps another code; a limit on calls is one in its wrapping too.
  const auto inner = errcode == 88 ? integer(body, "sub_code") : std::nullopt;
  if (inner && *inner >= 90001 && *inner <= 90018) fact = fact_of(*inner, {});
  return judgement(fact, errcode, errmsg, Reach::kAnswered);
}

Judgement judge_status(const HttpAnswer& answer) {
  const bool refusal = answer.status >= 300 && answer.status < 500;
  return judgement(by_status(answer.status), std::nullopt, "HTTP " + std::to_string(answer.status),
                   refusal ? Reach::kAnswered : Reach::kUnknown);
}

Judgement judge_transport(const HttpAnswer& answer) {
  const auto told = [&](const Fact& fact, Reach reach) {
    return judgement(fact, std::nullopt, answer.error, reach);
  };
  switch (answer.transport) {
    case Transport::kUrl:
      return told(mend(kUrl), Reach::kNotSent);
    case Transport::kResolve:
      return told(passes(kResolve), Reach::kNotSent);
    case Transport::kConnect:
      return told(passes(kConnect), Reach::kNotSent);
    case Transport::kTls:
      return told(mend(kTls), Reach::kNotSent);
    case Transport::kProxy:
      return told(answer.status >= 400 && answer.status < 500 ? mend(kProxyLogin) : passes(kProxyDown),
                  Reach::kNotSent);
    case Transport::kTimeout:
      return told(passes(kSlow), Reach::kUnknown);
    case Transport::kTooLarge:
      return told(passes(kNoErrcode), Reach::kUnknown);
    case Transport::kOk:
    case Transport::kOther:
      break;
  }
  return told(passes(kOther), Reach::kUnknown);
}

}  // namespace

Judgement judge(const HttpAnswer& answer) {
  if (answer.transport != Transport::kOk) return judge_transport(answer);
  const auto body = Json::parse(base::to_utf8(answer.body), nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return judge_status(answer);
  const bool fine = answer.status >= 200 && answer.status < 300;
  const auto errcode = integer(body, "errcode");
  if (errcode && (fine || *errcode != 0)) return judge_errcode(*errcode, body);
  if (integer(body, "status") == 1111)
    return judgement(rests(kBlocked), std::nullopt, "status 1111", Reach::kAnswered);
  return judge_status(answer);
}

}  // namespace dingtail::deliver
