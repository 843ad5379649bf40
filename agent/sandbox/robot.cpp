#include "sandbox/robot.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "sandbox/mention.h"

namespace dingtail::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr base::Millis kWindow = 60s;
constexpr base::Millis kThrottle = 10min;
constexpr std::int64_t kMostSkewMs = 3'600'000;
constexpr std::size_t kMostBytes = 20'000;
constexpr int kTooFast = 410100;

// Base64 of HMAC-SHA256(key = secret, message = timestamp LF secret).
std::string sign(const std::string& timestamp, const std::string& secret) {
  const std::string message = timestamp + "\n" + secret;
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &size);
  std::array<unsigned char, 64> base64{};  // of 32 bytes: 44 characters and a NUL
  const int length = EVP_EncodeBlock(base64.data(), mac.data(), static_cast<int>(size));
  return {base64.begin(), base64.begin() + length};
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

bool is_json_type(std::string_view content_type) {
  std::string type(base::trim(base::split(content_type, ';').front()));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return type == "application/json";
}

std::string guess_sign_fault(std::string_view sent) {
  if (sent.empty()) return "the parameter sign is missing";
  if (sent.find(' ') != std::string_view::npos) return "it holds a space: '+' must be sent as %2B";
  if (sent.find('%') != std::string_view::npos) return "it was percent-encoded twice";
  return "it was made with another secret or another timestamp";
}

// One request before the robot. Each check is noted; a check that refuses ends the row.
class Judging {
 public:
  Judging(const Request& request, const RobotOptions& options, Verdict& verdict)
      : request_(request), options_(options), verdict_(verdict) {}

  bool entrance() {
    if (request_.path != "/robot/send") {
      verdict_.http_status = 404;
      return refuse("path", "the robot is at /robot/send", {0, "not found"});
    }
    pass("path");
    if (request_.method != "POST") return refuse("method", "POST is needed", {43002, "需要POST请求"});
    pass("method");
    if (!is_json_type(request_.content_type))
      return refuse("content-type", "application/json is needed", {43004, "无效的HTTP HEADER Content-Type"});
    return pass("content-type");
  }

  bool token() {
    const std::string sent = parameter("access_token");
    if (sent.empty()) return refuse("token", "access_token is missing", {40035, "缺少参数 access_token"});
    if (!options_.token.empty() && sent != options_.token.reveal())
      return refuse("token", "another robot's", {300005, "token is not exist"});
    return pass("token");
  }

  bool signature(base::Wall now) {
    if (options_.secret.empty()) return true;
    const std::string timestamp = parameter("timestamp");
    const auto sent_ms = parse_number(timestamp);
    const auto refuse_time = [&](const std::string& detail) {
      return refuse("timestamp", detail, {310000, "invalid timestamp"});
    };
    if (!sent_ms) return refuse_time("milliseconds since 1970 are needed");
    const std::int64_t late_ms = base::unix_ms(now) - *sent_ms;
    if (late_ms >= kMostSkewMs || late_ms <= -kMostSkewMs)
      return refuse_time(base::print_duration(base::Millis(late_ms < 0 ? -late_ms : late_ms)) +
                         (late_ms < 0 ? " in the future" : " old"));
    pass("timestamp");
    const std::string sent = parameter("sign");
    if (sent != sign(timestamp, options_.secret.reveal()))
      return refuse("signature", guess_sign_fault(sent), {310000, "sign not match"});
    return pass("signature");
  }

  bool size() {
    if (verdict_.body_bytes <= kMostBytes) return pass("size");
    return refuse("size", std::to_string(verdict_.body_bytes) + " bytes",
                  {460101, "description: body 大小不合法;solution:请保持大小在 20000bytes 以内;"});
  }

  bool rate(bool too_fast) {
    if (!too_fast) return pass("rate");
    return refuse("rate",
                  "more than " + std::to_string(options_.per_minute) + " in a minute: ten minutes' rest",
                  {kTooFast, "发送速度太快而限流"});
  }

  bool form(const Reading& reading) {
    if (!reading.is_json)
      return refuse("json", base::is_utf8(request_.body) ? "not a JSON object" : "not UTF-8",
                    {40035, "缺少参数 json"});
    pass("json");
    if (reading.refusal) return refuse("schema", reading.refusal->errmsg, *reading.refusal);
    return remark("schema", reading.remarks);
  }

  bool keywords() {
    if (options_.keywords.empty()) return true;
    const auto has = [&](const std::string& keyword) {
      return verdict_.posted.title.find(keyword) != std::string::npos ||
             verdict_.posted.text.find(keyword) != std::string::npos;
    };
    if (std::any_of(options_.keywords.begin(), options_.keywords.end(), has)) return pass("keywords");
    return refuse("keywords", "none of " + base::join(options_.keywords, ", "),
                  {310000, "keywords not in content"});
  }

  bool mention() { return remark("mention", mention_faults(verdict_.posted)); }

 private:
  bool pass(const char* name) { return remark(name, {}); }
  bool remark(const char* name, const std::vector<std::string>& faults) {
    verdict_.checks.push_back({name, faults.empty(), base::join(faults, "; ")});
    return true;
  }
  bool refuse(const char* name, std::string detail, Refusal refusal) {
    verdict_.checks.push_back({name, false, std::move(detail)});
    verdict_.errcode = refusal.errcode;
    verdict_.errmsg = std::move(refusal.errmsg);
    return false;
  }
  [[nodiscard]] std::string parameter(const char* name) const {
    const auto found = request_.parameters.find(name);
    return found == request_.parameters.end() ? std::string() : found->second;
  }

  const Request& request_;
  const RobotOptions& options_;
  Verdict& verdict_;
};

}  // namespace

Robot::Robot(RobotOptions options) : options_(std::move(options)) {}

bool Robot::too_fast(base::Mono now) const {
  if (throttled_until_ && now < *throttled_until_) return true;
  return options_.per_minute > 0 && latest_.size() == options_.per_minute && now - latest_.front() < kWindow;
}

Verdict Robot::judge(const Request& request, base::Now now) const {
  const Reading reading = read_posted(request.body);
  Verdict verdict;
  verdict.posted = reading.posted;
  verdict.body_bytes = request.body.size();
  Judging judging(request, options_, verdict);
  const bool accepted = judging.entrance() && judging.token() && judging.signature(now.wall) &&
                        judging.size() && judging.rate(too_fast(now.mono)) && judging.form(reading) &&
                        judging.keywords() && judging.mention();
  verdict.repeat = accepted && seen_.contains(verdict.posted.msg_uuid);
  return verdict;
}

Verdict Robot::receive(const Request& request, base::Now now) {
  Verdict verdict = judge(request, now);
  const bool resting = throttled_until_ && now.mono < *throttled_until_;
  if (verdict.errcode == kTooFast && !resting) throttled_until_ = now.mono + kThrottle;
  if (!verdict.accepted()) return verdict;
  latest_.push_back(now.mono);
  if (latest_.size() > options_.per_minute) latest_.pop_front();
  if (!verdict.posted.msg_uuid.empty()) seen_.insert(verdict.posted.msg_uuid);
  return verdict;
}

}  // namespace dingtail::sandbox
