#include "sandbox/robot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sandbox/requests.h"

namespace dingtail::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RobotOptions options(const std::string& secret, std::vector<std::string> keywords = {}) {
  RobotOptions out;
  out.secret = base::Secret(secret);
  out.keywords = std::move(keywords);
  return out;
}

Request signed_request(const std::string& timestamp, const std::string& sign) {
  Request out = request(markdown());
  out.parameters["timestamp"] = timestamp;
  out.parameters["sign"] = sign;
  return out;
}

std::vector<std::string> names_of(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const auto& check : verdict.checks) names.push_back(check.name);
  return names;
}

// dingtalk.md, section 2.2: computed with Python's hmac and with OpenSSL's command.
struct Vector {
  std::int64_t timestamp;
  const char* secret;
  const char* sign;
};
constexpr Vector kVectors[] = {
    {1577262236757, "this is a secret", "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="},
    {1700000000000, "SEC000000000000000000000", "1zJ/w34EOSVAYr7cu7Vo8LnebmK2/GrCgegtr8mQrqM="},
    {1760000000005, "SECa1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90",
     "64EzhR6oTiKt6roF+gJQ8v8kp/thNRxQ+5l60Ix3N/c="},
    {1767225600123, "this is secret", "NftdAHivdMsRbirHt/vMsNMUS0NITvTRABjKFmWRzp0="},
    {1760000000000, "密钥test", "uX9pVvd0eUpZSSMlIrbTh27p1SdC+9GU3dLevfmdqfc="},
};

class PublishedVector : public testing::TestWithParam<Vector> {};
INSTANTIATE_TEST_SUITE_P(Dingtalk, PublishedVector, testing::ValuesIn(kVectors));

TEST_P(PublishedVector, IsAccepted) {
  const auto& [timestamp, secret, sign] = GetParam();
  const auto verdict =
      Robot(options(secret)).receive(signed_request(std::to_string(timestamp), sign), at(timestamp));
  EXPECT_EQ(verdict.errcode, 0);
  EXPECT_EQ(verdict.errmsg, "ok");
}

TEST_P(PublishedVector, IsRefusedWithAnyCharacterOfTheSignChanged) {
  const auto& [timestamp, secret, sign] = GetParam();
  const std::string right = sign;
  for (std::size_t i = 0; i < right.size(); ++i) {
    std::string wrong = right;
    wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
    const auto verdict =
        Robot(options(secret)).receive(signed_request(std::to_string(timestamp), wrong), at(timestamp));
    EXPECT_EQ(verdict.errcode, 310000) << i;
    EXPECT_EQ(verdict.errmsg, "sign not match") << i;
  }
}

TEST_P(PublishedVector, IsRefusedWithADigitOfTheTimestampChanged) {
  const auto& [timestamp, secret, sign] = GetParam();
  const auto verdict =
      Robot(options(secret)).receive(signed_request(std::to_string(timestamp + 1), sign), at(timestamp));
  EXPECT_EQ(verdict.errmsg, "sign not match");
}

TEST_P(PublishedVector, IsRefusedWithACharacterOfTheSecretChanged) {
  const auto& [timestamp, secret, sign] = GetParam();
  const std::string other = std::string(secret) + "t";
  const auto verdict =
      Robot(options(other)).receive(signed_request(std::to_string(timestamp), sign), at(timestamp));
  EXPECT_EQ(verdict.errmsg, "sign not match");
}

class RobotSignature : public testing::Test {
 protected:
  static constexpr std::int64_t kTime = kVectors[2].timestamp;
  Verdict receive_at(std::int64_t now) {
    return Robot(options(kVectors[2].secret))
        .receive(signed_request(std::to_string(kTime), kVectors[2].sign), at(now));
  }
  static Verdict receive(const Request& request) {
    return Robot(options(kVectors[2].secret)).receive(request, at(kTime));
  }
};

TEST_F(RobotSignature, IsGoodForLessThanAnHour) {
  EXPECT_EQ(receive_at(kTime + 3'599'999).errcode, 0);
  EXPECT_EQ(receive_at(kTime - 3'599'999).errcode, 0);
}

TEST_F(RobotSignature, IsRefusedAtAnHour) {
  const auto old = receive_at(kTime + 3'600'000);
  EXPECT_EQ(old.errcode, 310000);
  EXPECT_EQ(old.errmsg, "invalid timestamp");
  EXPECT_EQ(check_of(old, "timestamp")->detail, "1h old");
  const auto early = receive_at(kTime - 3'600'000);
  EXPECT_EQ(early.errmsg, "invalid timestamp");
  EXPECT_EQ(check_of(early, "timestamp")->detail, "1h in the future");
}

TEST_F(RobotSignature, NeedsANumberAsTimestamp) {
  for (const char* timestamp : {"", "x", "-1", "1760000000005ms", " 1760000000005", "99999999999999999999"})
    EXPECT_EQ(receive(signed_request(timestamp, kVectors[2].sign)).errmsg, "invalid timestamp") << timestamp;
  EXPECT_EQ(receive(signed_request("9223372036854775807", kVectors[2].sign)).errmsg, "invalid timestamp");
  EXPECT_EQ(receive(request(markdown())).errmsg, "invalid timestamp");
}

TEST_F(RobotSignature, OfAnUnencodedPlusIsRefusedAndExplained) {
  // What is left of 64EzhR6oTiKt6roF+gJQ8v8kp/thNRxQ+5l60Ix3N/c= after a query is decoded.
  const auto verdict =
      receive(signed_request("1760000000005", "64EzhR6oTiKt6roF gJQ8v8kp/thNRxQ 5l60Ix3N/c="));
  EXPECT_EQ(verdict.errmsg, "sign not match");
  EXPECT_THAT(check_of(verdict, "signature")->detail, HasSubstr("%2B"));
}

TEST_F(RobotSignature, EncodedTwiceIsRefusedAndExplained) {
  const auto verdict =
      receive(signed_request("1760000000005", "64EzhR6oTiKt6roF%2BgJQ8v8kp%2FthNRxQ%2B5l60Ix3N%2Fc%3D"));
  EXPECT_EQ(verdict.errmsg, "sign not match");
  EXPECT_THAT(check_of(verdict, "signature")->detail, HasSubstr("twice"));
}

TEST_F(RobotSignature, MissingIsRefused) {
  Request unsigned_one = signed_request("1760000000005", "");
  unsigned_one.parameters.erase("sign");
  EXPECT_EQ(receive(unsigned_one).errmsg, "sign not match");
}

TEST_F(RobotSignature, IsNotNeededWithoutASecret) {
  EXPECT_EQ(Robot({}).receive(request(markdown()), at(kTime)).errcode, 0);
}

TEST(RobotDoor, NeedsPost) {
  Request get = request(markdown());
  get.method = "GET";
  const auto verdict = Robot({}).receive(get, at(0));
  EXPECT_EQ(verdict.errcode, 43002);
  EXPECT_EQ(verdict.errmsg, "需要POST请求");
}

TEST(RobotDoor, NeedsJsonAsContentType) {
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"}) {
    Request other = request(markdown());
    other.content_type = type;
    EXPECT_EQ(Robot({}).receive(other, at(0)).errcode, 43004) << type;
  }
  for (const char* type : {"application/json", "Application/JSON", "application/json ; charset=utf-8"}) {
    Request right = request(markdown());
    right.content_type = type;
    EXPECT_EQ(Robot({}).receive(right, at(0)).errcode, 0) << type;
  }
}

TEST(RobotDoor, NeedsAToken) {
  Request without = request(markdown());
  without.parameters.clear();
  const auto verdict = Robot({}).receive(without, at(0));
  EXPECT_EQ(verdict.errcode, 40035);
  EXPECT_EQ(verdict.errmsg, "缺少参数 access_token");
}

TEST(RobotDoor, KnowsItsOwnTokenOnly) {
  RobotOptions own;
  own.token = base::Secret("mine");
  Request other = request(markdown());
  EXPECT_EQ(Robot(own).receive(other, at(0)).errcode, 300005);
  other.parameters["access_token"] = "mine";
  EXPECT_EQ(Robot(own).receive(other, at(0)).errcode, 0);
}

TEST(RobotDoor, IsAtItsPathAlone) {
  Request elsewhere = request(markdown());
  elsewhere.path = "/robot/sendBySession";
  const auto verdict = Robot({}).receive(elsewhere, at(0));
  EXPECT_EQ(verdict.http_status, 404);
  EXPECT_FALSE(verdict.accepted());
}

TEST(RobotSize, TakesTwentyThousandBytesAndNoMore) {
  const std::string most = of_size(20'000);
  ASSERT_EQ(most.size(), 20'000U);
  EXPECT_EQ(Robot({}).receive(request(most), at(0)).errcode, 0);
  const auto verdict = Robot({}).receive(request(of_size(20'001)), at(0));
  EXPECT_EQ(verdict.errcode, 460101);
  EXPECT_EQ(verdict.errmsg, "description: body 大小不合法;solution:请保持大小在 20000bytes 以内;");
  EXPECT_EQ(verdict.body_bytes, 20'001U);
}

TEST(RobotSize, IsCountedInBytesNotCharacters) {
  const std::string body = R"({"msgtype":"text","text":{"content":")" + std::string(6'000, 'x');
  std::string wide;
  for (int i = 0; i < 6'000; ++i) wide += "警";
  EXPECT_EQ(Robot({}).receive(request(body + wide + "\"}}"), at(0)).errcode, 460101);
}

class RobotRate : public testing::Test {
 protected:
  int send(std::int64_t now_ms) { return robot_.receive(request(markdown()), at(now_ms)).errcode; }
  void send_twenty(std::int64_t first_ms, std::int64_t step_ms) {
    for (int i = 0; i < 20; ++i) ASSERT_EQ(send(first_ms + i * step_ms), 0) << i;
  }
  Robot robot_{RobotOptions{}};
};

TEST_F(RobotRate, RefusesTheTwentyFirstInAMinuteAndThenAllForTenMinutes) {
  send_twenty(0, 1'000);
  const auto refused = robot_.receive(request(markdown()), at(59'999));
  EXPECT_EQ(refused.errcode, 410100);
  EXPECT_EQ(refused.errmsg, "发送速度太快而限流");
  EXPECT_EQ(send(120'000), 410100);
  EXPECT_EQ(send(59'999 + 599'999), 410100);
  EXPECT_EQ(send(59'999 + 600'000), 0);
}

TEST_F(RobotRate, TakesTwentyAgainAfterTheRest) {
  send_twenty(0, 0);
  EXPECT_EQ(send(0), 410100);
  send_twenty(600'000, 0);
  EXPECT_EQ(send(600'000), 410100);
}

TEST_F(RobotRate, SlidesInsteadOfStartingAnewEachMinute) {
  send_twenty(50'000, 100);  // all within 50 s to 52 s
  EXPECT_EQ(send(61'000), 410100);
}

TEST_F(RobotRate, FreesEachPlaceAMinuteAfterItWasTaken) {
  send_twenty(0, 1'000);  // 0 s to 19 s
  EXPECT_EQ(send(60'000), 0);
  EXPECT_EQ(send(61'000), 0);
  EXPECT_EQ(send(61'999), 410100);
}

TEST_F(RobotRate, CountsAcceptedMessagesOnly) {
  for (int i = 0; i < 30; ++i) EXPECT_EQ(robot_.receive(request("not json"), at(0)).errcode, 40035);
  send_twenty(0, 0);
}

TEST_F(RobotRate, IsNotTouchedByJudgingAlone) {
  for (int i = 0; i < 30; ++i) EXPECT_EQ(robot_.judge(request(with_uuid("a")), at(0)).errcode, 0);
  EXPECT_FALSE(robot_.receive(request(with_uuid("a")), at(0)).repeat);
}

TEST(RobotRateOff, TakesAnyNumber) {
  RobotOptions unlimited;
  unlimited.per_minute = 0;
  Robot robot(unlimited);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(robot.receive(request(markdown()), at(0)).errcode, 0);
}

TEST(RobotKeywords, OneInTheTitleOrTheTextIsEnough) {
  for (const char* keyword : {"disk", "db-1"})
    EXPECT_EQ(Robot(options("", {"absent", keyword})).receive(request(markdown()), at(0)).errcode, 0)
        << keyword;
}

TEST(RobotKeywords, MissingAreRefused) {
  const auto verdict = Robot(options("", {"告警", "alert"})).receive(request(markdown()), at(0));
  EXPECT_EQ(verdict.errcode, 310000);
  EXPECT_EQ(verdict.errmsg, "keywords not in content");
  EXPECT_EQ(check_of(verdict, "keywords")->detail, "none of 告警, alert");
}

TEST(RobotKeywords, AreCaseSensitive) {
  EXPECT_EQ(Robot(options("", {"DISK"})).receive(request(markdown()), at(0)).errcode, 310000);
}

TEST(RobotKeywords, OutsideTitleAndTextDoNotCount) {
  const auto body = markdown(R"(,"msgUuid":"alert","at":{"atUserIds":["alert"]})");
  EXPECT_EQ(Robot(options("", {"alert"})).receive(request(body), at(0)).errcode, 310000);
}

TEST(RobotRepeat, OfAnAcceptedMessageIsAcceptedAndMarked) {
  Robot robot({});
  EXPECT_FALSE(robot.receive(request(with_uuid("a")), at(0)).repeat);
  const auto again = robot.receive(request(with_uuid("a")), at(1'000));
  EXPECT_EQ(again.errcode, 0);
  EXPECT_TRUE(again.repeat);
  EXPECT_FALSE(robot.receive(request(with_uuid("b")), at(2'000)).repeat);
}

TEST(RobotRepeat, OfARefusedMessageIsNone) {
  Robot robot(options("", {"告警"}));
  EXPECT_EQ(robot.receive(request(with_uuid("a")), at(0)).errcode, 310000);
  const std::string mended = R"({"msgtype":"markdown","markdown":{"title":"告警","text":"x"},"msgUuid":"a"})";
  const auto verdict = robot.receive(request(mended), at(0));
  EXPECT_EQ(verdict.errcode, 0);
  EXPECT_FALSE(verdict.repeat);
}

TEST(RobotRepeat, IsNotSeenBetweenMessagesWithoutId) {
  Robot robot({});
  EXPECT_FALSE(robot.receive(request(markdown()), at(0)).repeat);
  EXPECT_FALSE(robot.receive(request(markdown()), at(0)).repeat);
}

TEST(RobotChecks, AreAllListedForAMessageWithoutFault) {
  const auto verdict = Robot(options(kVectors[0].secret, {"disk"}))
                           .receive(signed_request("1577262236757", kVectors[0].sign), at(1577262236757));
  EXPECT_THAT(names_of(verdict),
              ElementsAre("path", "method", "content-type", "token", "timestamp", "signature", "size", "rate",
                          "json", "schema", "keywords", "mention"));
  for (const auto& check : verdict.checks) EXPECT_TRUE(check.passed) << check.name << check.detail;
}

TEST(RobotChecks, EndAtTheOneThatRefuses) {
  const auto verdict = Robot({}).receive(request(of_size(20'001)), at(0));
  EXPECT_THAT(names_of(verdict), ElementsAre("path", "method", "content-type", "token", "size"));
  EXPECT_FALSE(verdict.checks.back().passed);
}

TEST(RobotChecks, PutWhoMaySendBeforeWhatIsSent) {
  Request wrong = request(std::string(20'001, '{'));
  EXPECT_EQ(Robot(options("secret", {"告警"})).receive(wrong, at(0)).errcode, 310000);
  wrong.parameters.clear();
  EXPECT_EQ(Robot(options("secret")).receive(wrong, at(0)).errcode, 40035);
  wrong.content_type = "text/plain";
  EXPECT_EQ(Robot(options("secret")).receive(wrong, at(0)).errcode, 43004);
  wrong.method = "PUT";
  EXPECT_EQ(Robot(options("secret")).receive(wrong, at(0)).errcode, 43002);
}

TEST(RobotChecks, TellAMentionThatWouldFailWithoutRefusing) {
  const auto verdict = Robot({}).receive(request(markdown(R"(,"at":{"atMobiles":["13800000000"]})")), at(0));
  EXPECT_EQ(verdict.errcode, 0);
  EXPECT_FALSE(check_of(verdict, "mention")->passed);
}

TEST(RobotChecks, LeaveTheMessageOfARefusedRequestReadable) {
  Request unknown = request(with_uuid("id-1"));
  const auto verdict = Robot(options("secret")).receive(unknown, at(0));
  EXPECT_EQ(verdict.errcode, 310000);
  EXPECT_EQ(verdict.posted.title, "disk full");
  EXPECT_EQ(verdict.posted.msg_uuid, "id-1");
}

}  // namespace
}  // namespace dingtail::sandbox
