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

Judgement judge_code(const std::string& errcode, const std::string& errmsg = "x") {
  return judge(http(200, R"({"errcode":)" + errcode + R"(,"errmsg":")" + errmsg + R"("})"));
}

struct Code {
  int errcode;
  Verdict verdict;
};

// dingtalk.md, section 8, row by row. BACKOFF is kThrottled (of a second or so: kRetry), DROP is kRefused.
class EveryCode : public testing::TestWithParam<Code> {};

TEST_P(EveryCode, HasItsVerdictAndARemedy) {
  const auto [errcode, verdict] = GetParam();
  for (const auto& written : {std::to_string(errcode), '"' + std::to_string(errcode) + '"'}) {
    const auto judgement = judge_code(written);
    EXPECT_EQ(judgement.verdict, verdict) << written;
    EXPECT_EQ(judgement.errcode, errcode);
    EXPECT_EQ(judgement.reach, Reach::kAnswered);
    EXPECT_EQ(judgement.remedy.empty(), verdict == Verdict::kDelivered);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Judge, EveryCode,
    testing::Values(
        Code{0, Verdict::kDelivered}, Code{-1, Verdict::kRetry}, Code{500100, Verdict::kRetry},
        Code{410100, Verdict::kThrottled}, Code{130101, Verdict::kThrottled},
        Code{450101, Verdict::kThrottled}, Code{90018, Verdict::kRetry}, Code{90002, Verdict::kRetry},
        Code{90001, Verdict::kThrottled}, Code{90014, Verdict::kThrottled}, Code{90020, Verdict::kConfig},
        Code{90030, Verdict::kConfig}, Code{310000, Verdict::kConfig}, Code{300005, Verdict::kConfig},
        Code{300001, Verdict::kConfig}, Code{400101, Verdict::kConfig}, Code{40014, Verdict::kConfig},
        Code{88, Verdict::kConfig}, Code{400102, Verdict::kConfig}, Code{400106, Verdict::kConfig},
        Code{400013, Verdict::kConfig}, Code{43002, Verdict::kConfig}, Code{43004, Verdict::kConfig},
        Code{40035, Verdict::kRefused}, Code{400105, Verdict::kRefused}, Code{400201, Verdict::kRefused},
        Code{400401, Verdict::kRefused}, Code{400402, Verdict::kRefused}, Code{400403, Verdict::kRefused},
        Code{400602, Verdict::kRefused}, Code{401104, Verdict::kRefused}, Code{460101, Verdict::kRefused},
        Code{101002, Verdict::kRefused}, Code{430101, Verdict::kRefused}, Code{430102, Verdict::kRefused},
        Code{430103, Verdict::kRefused}, Code{430104, Verdict::kRefused}, Code{660026, Verdict::kRetry},
        Code{777777, Verdict::kRetry}));

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

TEST(Judge, LooksIntoTheCodeThat88Wraps) {
  const auto wrapped = [](const std::string& sub_code) {
    return judge(http(200, R"({"errcode":88,"errmsg":"x","sub_code":)" + sub_code + "}")).verdict;
  };
  EXPECT_EQ(wrapped(R"("90018")"), Verdict::kRetry);
  EXPECT_EQ(wrapped("90001"), Verdict::kThrottled);
  EXPECT_EQ(wrapped(R"("40014")"), Verdict::kConfig);
  EXPECT_EQ(wrapped(R"("isv.something")"), Verdict::kConfig);
}

TEST(Judge, WaitsAsLongAsTheAnswerDemands) {
  EXPECT_EQ(judge_code("410100").wait, minutes(10));
  EXPECT_EQ(judge_code("300005").wait, minutes(10));
  EXPECT_EQ(judge_code("90030").wait, hours(1));
  EXPECT_EQ(judge_code("430101").wait, hours(1));
}

TEST(Judge, RetriesAnUnknownCodeThreeTimesAndABusySystemForEver) {
  EXPECT_EQ(judge_code("777777").tries, 3U);
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
  const auto verdict = [](int status) { return judge(http(status, "<html>")).verdict; };
  for (const int passing : {408, 429, 500, 502, 503, 504})
    EXPECT_EQ(verdict(passing), Verdict::kRetry) << passing;
  for (const int lasting : {301, 302, 307, 400, 401, 403, 404, 407})
    EXPECT_EQ(verdict(lasting), Verdict::kConfig) << lasting;
  EXPECT_EQ(verdict(413), Verdict::kRefused);
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
