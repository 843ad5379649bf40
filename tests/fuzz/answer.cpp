// Whatever a server says: it is judged, success is only what says so, and what is told of it is one short
// printable line without the values that open the door.
#include <algorithm>

#include "base/text.h"
#include "deliver/judge.h"
#include "fuzz/fuzzed.h"

namespace {

using namespace dingtail;
using deliver::Transport;
using deliver::Verdict;

constexpr std::size_t kLongest = 300;
constexpr base::Millis kMostWait = std::chrono::hours(1);
constexpr base::Millis kRest = std::chrono::minutes(10);

// The first byte is the transport, the next two are the status; what remains is the body, and where there is
// no answer the error.
deliver::HttpAnswer answer_of(std::string text) {
  deliver::HttpAnswer out;
  text.resize(std::max<std::size_t>(text.size(), 3));
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  out.transport = static_cast<Transport>(byte(0) % (static_cast<unsigned>(Transport::kOther) + 1));
  out.status = (byte(1) * 256 + byte(2)) % 600;
  out.body = text.substr(3);
  if (out.transport != Transport::kOk) out.error = out.body;
  return out;
}

bool is_one_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; });
}

// Of a parameter whose value must not be told, where it stands with one.
bool tells(const std::string& text, const std::string& key) {
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    const auto end = at + key.size();
    if (end < text.size() && std::string_view(" \t&\"'<>()[]{},;#").find(text[end]) == std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = answer_of(std::string(fuzz::text_of(data, size)));
  const auto told = deliver::judge(answer, {});
  const bool answered = answer.transport == Transport::kOk;
  const bool delivered = told.verdict == Verdict::kDelivered;
  const bool says_so = answered && answer.status / 100 == 2 && told.errcode == 0;
  fuzz::require(delivered == says_so, "success is errcode 0", answer.body);
  fuzz::require(!delivered || answer.body.find('0') != std::string::npos, "0 is said", answer.body);
  fuzz::require(delivered == told.remedy.empty(), "a failure has a remedy", answer.body);
  fuzz::require(base::is_utf8(told.errmsg) && told.errmsg.size() <= kLongest, "errmsg is short", told.errmsg);
  fuzz::require(is_one_line(told.errmsg), "errmsg is a line", told.errmsg);
  fuzz::require(!tells(told.errmsg, "access_token=") && !tells(told.errmsg, "sign="), "no secret",
                told.errmsg);
  fuzz::require(told.wait >= base::Millis{0} && told.wait <= kMostWait, "a wait is bounded", answer.body);
  fuzz::require(told.verdict != Verdict::kThrottled || told.wait >= kRest, "a robot rests", answer.body);
  fuzz::require(!told.stale_signature || told.verdict == Verdict::kConfig, "stale is config", answer.body);
  fuzz::require(told.reach != deliver::Reach::kAnswered || answered, "no answer, no reach", answer.body);
  return 0;
}
