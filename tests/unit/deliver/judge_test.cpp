#include "deliver/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dingtail::deliver {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::Not;

HttpAnswer http(int status, std::string body) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

Judgement judge(const HttpAnswer& answer) {
  return deliver::judge(answer, {});
}

Judgement judge_code(const std::string& errcode, const std::string& errmsg = "x") {
  return judge(http(200, R"({"errcode":)" + errcode + R"(,"errmsg":")" + errmsg + R"("})"));
}

// What an operator must find in the remedy, and the least wait; of a passing trouble the back-off decides.
struct Code {
  std::int64_t errcode;
  Verdict verdict;
  const char* remedy;
  base::Millis wait;
};

// dingtalk.md, section 8, row by row. BACKOFF is kThrottled (of a second or so: kRetry), DROP is kRefused.
class EveryCode : public testing::TestWithParam<Code> {};

TEST_P(EveryCode, HasItsVerdictItsWaitAndARemedy) {
  const auto& [errcode, verdict, remedy, wait] = GetParam();
  for (const auto& written : {std::to_string(errcode), '"' + std::to_string(errcode) + '"'}) {
    const auto judgement = judge_code(written);
    EXPECT_EQ(judgement.verdict, verdict) << written;
    EXPECT_EQ(judgement.errcode, errcode);
    EXPECT_EQ(judgement.errmsg, "x");
    EXPECT_EQ(judgement.reach, Reach::kAnswered);
    EXPECT_EQ(judgement.wait, wait);
    EXPECT_EQ(judgement.remedy.empty(), verdict == Verdict::kDelivered);
    EXPECT_THAT(judgement.remedy, HasSubstr(remedy));
  }
}

constexpr base::Millis kAtOnce{0};
constexpr auto kDelivered = Verdict::kDelivered;
constexpr auto kRetry = Verdict::kRetry;
constexpr auto kThrottled = Verdict::kThrottled;
constexpr auto kConfig = Verdict::kConfig;
constexpr auto kRefused = Verdict::kRefused;

INSTANTIATE_TEST_SUITE_P(
    Judge, EveryCode,
    testing::Values(
        Code{0, kDelivered, "", kAtOnce}, Code{-1, kRetry, "sent again", kAtOnce},
        Code{500100, kRetry, "sent again", hours(1)},  // once its tries are over
        Code{660026, kRetry, "sent again", kAtOnce}, Code{410100, kThrottled, "per_minute", minutes(10)},
        Code{130101, kThrottled, "per_minute", minutes(10)},
        Code{450101, kThrottled, "per_minute", minutes(10)}, Code{90018, kRetry, "sent again", kAtOnce},
        Code{90002, kRetry, "sent again", kAtOnce}, Code{90001, kThrottled, "blocked", minutes(10)},
        Code{90003, kThrottled, "blocked", minutes(10)}, Code{90014, kThrottled, "blocked", minutes(10)},
        Code{90020, kConfig, "quota", hours(1)}, Code{90030, kConfig, "quota", hours(1)},
        Code{310000, kConfig, "security settings", minutes(10)},
        Code{300005, kConfig, "access_token", minutes(10)},
        Code{300001, kConfig, "access_token", minutes(10)},
        Code{400101, kConfig, "access_token", minutes(10)}, Code{40014, kConfig, "access_token", minutes(10)},
        Code{88, kConfig, "access_token", minutes(10)}, Code{400102, kConfig, "disabled", minutes(10)},
        Code{400106, kConfig, "disabled", minutes(10)}, Code{400013, kConfig, "dissolved", minutes(10)},
        Code{43002, kConfig, "proxy", minutes(10)}, Code{43004, kConfig, "proxy", minutes(10)},
        Code{40035, kRefused, "report", hours(1)}, Code{400105, kRefused, "report", hours(1)},
        Code{400201, kRefused, "report", hours(1)}, Code{400401, kRefused, "report", hours(1)},
        Code{400402, kRefused, "report", hours(1)}, Code{400403, kRefused, "report", hours(1)},
        Code{400602, kRefused, "report", hours(1)}, Code{401104, kRefused, "report", hours(1)},
        Code{460101, kRefused, "samples", hours(1)}, Code{101002, kRefused, "samples", hours(1)},
        Code{430101, kRefused, "content check", hours(1)}, Code{430102, kRefused, "content check", hours(1)},
        Code{430103, kRefused, "content check", hours(1)}, Code{430104, kRefused, "content check", hours(1)},
        Code{777777, kRetry, "not known", hours(1)}, Code{-2, kRetry, "not known", hours(1)},
        Code{9'223'372'036'854'775'807, kRetry, "not known", hours(1)}));

struct Words {
  const char* errcode;
  const char* errmsg;
  Verdict verdict;
  const char* remedy;
};

class EveryWording : public testing::TestWithParam<Words> {};

TEST_P(EveryWording, DecidesWhatAnErrcodeAloneDoesNot) {
  const auto& [errcode, errmsg, verdict, remedy] = GetParam();
  const auto judgement = judge_code(errcode, errmsg);
  EXPECT_EQ(judgement.verdict, verdict);
  EXPECT_THAT(judgement.remedy, HasSubstr(remedy));
}

INSTANTIATE_TEST_SUITE_P(
    Judge, EveryWording,
    testing::Values(
        Words{"310000", "keywords not in content", Verdict::kConfig, "keywords"},
        Words{"310000", "description:关键词不匹配;solution:请联系群管理员查看此机器人的关键词;",
              Verdict::kConfig, "keywords"},
        Words{"310000", "keywords not in content, more: [https://ding-doc.dingtalk.com/doc#/x]",
              Verdict::kConfig, "keywords"},
        Words{"310000", "错误描述:关键词不匹配;解决方案:请联系群管理员查看此机器人的关键词;",
              Verdict::kConfig, "keywords"},
        Words{"310000", "sign not match, more: [https://ding-doc.dingtalk.com/doc]", Verdict::kConfig,
              "secret"},
        Words{"310000",
              "description:机器人发送签名不匹配;solution:请确认签名和生成签名的时间戳必须都放在调用的网址中;",
              Verdict::kConfig, "secret"},
        Words{"310000", "Invalid timestamp, more: [https://ding-doc.dingtalk.com/doc]", Verdict::kConfig,
              "NTP"},
        Words{"310000", "时间戳无效", Verdict::kConfig, "NTP"},
        Words{"310000", "ip 203.0.113.9 not in whitelist", Verdict::kConfig, "address"},
        Words{"310000", "description:ip 不在白名单中;solution:请设置机器人安全ip地址段", Verdict::kConfig,
              "address"},
        Words{"310000", "something new", Verdict::kConfig, "security settings"},
        Words{"300001", "token is not exist", Verdict::kConfig, "access_token"},
        Words{"300001", "session 不存在", Verdict::kConfig, "access_token"},
        Words{"300001", "message param title or text is null", Verdict::kRefused, "fault"},
        Words{"40035", "缺少参数 json", Verdict::kRefused, "fault"},
        Words{"40035", "缺少参数 access_token", Verdict::kConfig, "access_token"}));

TEST(Judge, KnowsAStaleSignatureFromAWrongOne) {
  EXPECT_TRUE(judge_code("310000", "invalid timestamp").stale_signature);
  EXPECT_FALSE(judge_code("310000", "sign not match").stale_signature);
}

TEST(Judge, TakesTheChineseWordsOfAMismatchForThatAlthoughTheyNameTheTimestamp) {
  EXPECT_FALSE(judge_code("310000", "机器人发送签名不匹配;请确认签名和生成签名的时间戳").stale_signature);
  EXPECT_TRUE(judge_code("310000", "时间戳无效").stale_signature);
}

TEST(Judge, LooksIntoTheCodeThat88Wraps) {
  const auto wrapped = [](const std::string& sub_code) {
    return judge(http(200, R"({"errcode":88,"errmsg":"x","sub_code":)" + sub_code + "}")).verdict;
  };
  EXPECT_EQ(wrapped(R"("90018")"), Verdict::kRetry);
  EXPECT_EQ(wrapped("90001"), Verdict::kThrottled);
  EXPECT_EQ(wrapped("90016"), Verdict::kConfig);  // no code that is known
  EXPECT_EQ(wrapped("0"), Verdict::kConfig);
  EXPECT_EQ(wrapped(R"("40014")"), Verdict::kConfig);
  EXPECT_EQ(wrapped(R"("isv.something")"), Verdict::kConfig);
}

TEST(Judge, RetriesAnUnknownCodeThreeTimesAndABusySystemForEver) {
  EXPECT_EQ(judge_code("777777").tries, 3U);
  EXPECT_EQ(judge_code("500100").tries, 6U);
  EXPECT_EQ(judge_code("-1").tries, 0U);
}

TEST(Judge, TakesTheShieldsAnswerAsAThrottle) {
  const auto judgement =
      judge(http(200, R"({"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"})"));
  EXPECT_EQ(judgement.verdict, Verdict::kThrottled);
  EXPECT_EQ(judgement.errcode, std::nullopt);
}

TEST(Judge, NeverTakesAnAnswerWithoutErrcodeZeroForSuccess) {
  for (const char* body :
       {"", "ok", "<html>blocked</html>", "{}", "[]", "null", "0", R"({"errcode":null})",
        R"({"errcode":0.0})", R"({"errcode":"0x"})", R"({"errcode":""})", R"({"errcode":true})",
        R"({"errcode":0)", R"({"errcode":0}})", R"([{"errcode":0}])", R"({"code":0})", "\xFF\xFE"}) {
    const auto judgement = judge(http(200, body));
    EXPECT_EQ(judgement.verdict, Verdict::kRetry) << body;
    EXPECT_EQ(judgement.reach, Reach::kUnknown) << body;
    EXPECT_EQ(judgement.errmsg, "HTTP 200") << body;
  }
  EXPECT_EQ(judge(http(500, R"({"errcode":0})")).verdict, Verdict::kRetry);
}

TEST(Judge, SurvivesAnAnswerNestedDeeply) {
  EXPECT_EQ(judge(http(200, std::string(65'536, '['))).verdict, Verdict::kRetry);
}

TEST(Judge, GoesByTheHttpStatusWhereNoErrcodeIs) {
  const auto judged = [](int status) {
    const auto judgement = judge(http(status, "<html>"));
    EXPECT_EQ(judgement.errmsg, "HTTP " + std::to_string(status));
    EXPECT_FALSE(judgement.remedy.empty());
    return std::pair(judgement.verdict, judgement.reach);
  };
  for (const int passing : {500, 502, 503, 504, 999, 0})
    EXPECT_EQ(judged(passing), std::pair(Verdict::kRetry, Reach::kUnknown)) << passing;
  for (const int passing : {408, 429})
    EXPECT_EQ(judged(passing), std::pair(Verdict::kRetry, Reach::kAnswered)) << passing;
  for (const int lasting : {301, 302, 307, 400, 401, 403, 404, 407, 418})
    EXPECT_EQ(judged(lasting), std::pair(Verdict::kConfig, Reach::kAnswered)) << lasting;
  EXPECT_EQ(judged(413), std::pair(Verdict::kRefused, Reach::kAnswered));
}

TEST(Judge, WaitsAsLongAsTheServerAsksFor) {
  auto answer = http(429, "");
  answer.retry_after = minutes(2);
  EXPECT_EQ(judge(answer).retry_after, minutes(2));
  EXPECT_EQ(judge(http(429, "")).retry_after, kAtOnce);
}

TEST(Judge, PrefersAnErrcodeToTheHttpStatus) {
  EXPECT_EQ(judge(http(400, R"({"errcode":410100})")).verdict, Verdict::kThrottled);
}

TEST(Judge, GoesByTheTransportWhereNoAnswerIs) {
  const auto judged = [](Transport transport, int status = 0) {
    HttpAnswer answer;
    answer.transport = transport;
    answer.status = status;
    answer.error = "what was said";
    auto judgement = judge(answer);
    EXPECT_EQ(judgement.errmsg, "what was said");
    EXPECT_FALSE(judgement.remedy.empty());
    return std::pair(judgement.verdict, judgement.reach);
  };
  EXPECT_EQ(judged(Transport::kUrl), std::pair(Verdict::kConfig, Reach::kNotSent));
  EXPECT_EQ(judged(Transport::kResolve), std::pair(Verdict::kRetry, Reach::kNotSent));
  EXPECT_EQ(judged(Transport::kConnect), std::pair(Verdict::kRetry, Reach::kNotSent));
  EXPECT_EQ(judged(Transport::kTls), std::pair(Verdict::kConfig, Reach::kNotSent));
  EXPECT_EQ(judged(Transport::kTlsVersion), std::pair(Verdict::kConfig, Reach::kNotSent));
  EXPECT_EQ(judged(Transport::kProxy, 302), std::pair(Verdict::kConfig, Reach::kNotSent));
  EXPECT_EQ(judged(Transport::kProxy, 503), std::pair(Verdict::kRetry, Reach::kNotSent));
  EXPECT_EQ(judged(Transport::kProxy), std::pair(Verdict::kRetry, Reach::kNotSent));
  EXPECT_EQ(judged(Transport::kProxy, 407), std::pair(Verdict::kConfig, Reach::kNotSent));
  EXPECT_EQ(judged(Transport::kTimeout), std::pair(Verdict::kRetry, Reach::kUnknown));
  EXPECT_EQ(judged(Transport::kTooLarge, 200), std::pair(Verdict::kRetry, Reach::kUnknown));
  EXPECT_EQ(judged(Transport::kOther), std::pair(Verdict::kRetry, Reach::kUnknown));
}

TEST(Judge, TellsErrmsgAsOneShortPrintableLine) {
  EXPECT_EQ(judge_code("-1", R"(a\nb\u001b[31m\u0085c)").errmsg, "a b [31m c");
  const auto errmsg = judge_code("-1", std::string(299, 'a') + "密").errmsg;
  EXPECT_EQ(errmsg, std::string(299, 'a'));
}

TEST(Judge, KeepsNoTokenOrSignatureInErrmsg) {
  const auto errmsg =
      judge_code("40035", "bad https://h/send?access_token=tok3n&timestamp=1&sign=s1gn%3D here").errmsg;
  EXPECT_THAT(errmsg, Not(HasSubstr("tok3n")));
  EXPECT_THAT(errmsg, Not(HasSubstr("s1gn")));
  EXPECT_THAT(errmsg, HasSubstr("here"));
}

}  // namespace
}  // namespace dingtail::deliver
