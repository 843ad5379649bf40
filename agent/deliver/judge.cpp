#include "deliver/judge.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "deliver/meaning.h"

namespace dingtail::deliver {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kErrmsgBytes = 300;

// The values that open the door, wherever a server may have echoed them.
std::string without_values_of(std::string text, std::string_view key) {
  constexpr std::string_view kEnd = " \t&\"'<>()[]{},;#";
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
    at += key.size();
    text.erase(at, std::min(text.find_first_of(kEnd, at), text.size()) - at);
  }
  return text;
}

std::string one_line(std::string_view raw, const Secrets& secrets) {
  std::string out;
  const auto text = base::to_utf8(raw);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    out += c1 || byte < 0x20 || byte == 0x7F ? ' ' : text[i];
  }
  for (const auto secret : secrets) out = base::replace_all(std::move(out), secret, "***");
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

Judgement judgement(const Meaning& meaning, std::optional<std::int64_t> errcode, std::string_view errmsg,
                    Reach reach) {
  Judgement out;
  out.verdict = meaning.verdict;
  out.errcode = errcode;
  out.errmsg = errmsg;
  out.remedy = meaning.remedy;
  out.reach = reach;
  out.wait = meaning.wait;
  out.tries = meaning.tries;
  out.stale_signature = meaning.stale_signature;
  return out;
}

Judgement judge_errcode(std::int64_t errcode, const Json& body) {
  const auto errmsg = string_of(body, "errmsg");
  auto meaning = meaning_of_errcode(errcode, errmsg);
  // 88 wraps another code; a limit on calls is one in its wrapping too.
  if (const auto inner = errcode == 88 ? integer(body, "sub_code") : std::nullopt) {
    const auto wrapped = meaning_of_errcode(*inner, {});
    const bool limit = wrapped.verdict == Verdict::kThrottled || wrapped.verdict == Verdict::kRetry;
    if (limit && wrapped.tries == 0) meaning = wrapped;
  }
  return judgement(meaning, errcode, errmsg, Reach::kAnswered);
}

Judgement judge_status(const HttpAnswer& answer) {
  const bool refusal = answer.status >= 300 && answer.status < 500;
  auto out = judgement(meaning_of_status(answer.status), std::nullopt,
                       "HTTP " + std::to_string(answer.status), refusal ? Reach::kAnswered : Reach::kUnknown);
  out.retry_after = answer.retry_after;
  return out;
}

Reach reach_of(Transport transport) {
  switch (transport) {
    case Transport::kUrl:
    case Transport::kResolve:
    case Transport::kConnect:
    case Transport::kTls:
    case Transport::kTlsVersion:
    case Transport::kProxy:
      return Reach::kNotSent;
    case Transport::kOk:
    case Transport::kTimeout:
    case Transport::kTooLarge:
    case Transport::kOther:
      break;
  }
  return Reach::kUnknown;
}

// Its errmsg is as the server wrote it.
Judgement judge_raw(const HttpAnswer& answer) {
  if (answer.transport != Transport::kOk)
    return judgement(meaning_of_transport(answer.transport, answer.status), std::nullopt, answer.error,
                     reach_of(answer.transport));
  const auto body = Json::parse(base::to_utf8(answer.body), nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return judge_status(answer);
  const bool fine = answer.status >= 200 && answer.status < 300;
  const auto errcode = integer(body, "errcode");
  if (errcode && (fine || *errcode != 0)) return judge_errcode(*errcode, body);
  if (integer(body, "status") == 1111)
    return judgement(meaning_of_shield(), std::nullopt, "status 1111", Reach::kAnswered);
  return judge_status(answer);
}

}  // namespace

Judgement judge(const HttpAnswer& answer, const Secrets& secrets) {
  auto out = judge_raw(answer);
  out.errmsg = one_line(out.errmsg, secrets);
  return out;
}

bool another_may_take(const Judgement& judgement) {
  return judgement.verdict != Verdict::kDelivered && judgement.verdict != Verdict::kRefused &&
         judgement.reach != Reach::kUnknown;
}

}  // namespace dingtail::deliver
