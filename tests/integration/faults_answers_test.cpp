// F48–F53, F56: a robot that fails, lies and hangs. Meanwhile another robot is not delayed, the loop is not
// held up, and each attempt is the same message with a signature of its own (expect_harmless).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <filesystem>

#include "base/text.h"
#include "integration/fault.h"

namespace dingtail::integration {
namespace {

using test::LoopbackConnection;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Trouble kNotDingtalks{"retrying", "HTTP 200", "The answer is not DingTalk's"};

TEST_F(Fault, F48_ARedirectIsNotFollowed) {
  const test::LoopbackServer elsewhere([](auto&, const auto&) {});
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.answer(http("302 Found", "Location: " + elsewhere.url() + "\r\n", ""));
  start();
  expect_harmless(bad, {"held", "HTTP 302", "never followed"}, 1);
  EXPECT_THAT(elsewhere.requests(), IsEmpty());
  bad.answer(nullptr);
  reload_agent();
  expect_delivered(bad);
}

TEST_F(Fault, F49_AGatewayInTroubleIsTriedAgain) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.answer(http("502 Bad Gateway", "", "<html>502</html>"));
  start();
  expect_harmless(bad, {"retrying", "HTTP 502", "sent again"}, 2);
  bad.answer(nullptr);
  expect_delivered(bad);
}

TEST_F(Fault, F49_ARefusalWaitsForAPerson) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.answer(http("403 Forbidden", "", ""));
  start();
  expect_harmless(bad, {"held", "HTTP 403", "check the address"}, 1);
  ASSERT_TRUE(test::eventually([&] { return !group().notices().empty(); }));
  EXPECT_THAT(group().notices()[0].verdict.posted.text, testing::HasSubstr("bad"));
  bad.answer(nullptr);
  reload_agent();
  expect_delivered(bad);
}

TEST_F(Fault, F49_AServerThatAsksForTimeGetsIt) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.answer(http("429 Too Many Requests", "Retry-After: 4\r\n", ""));
  start();
  const auto begin = std::chrono::steady_clock::now();
  expect_harmless(bad, {"retrying", "HTTP 429", "sent again"}, 2);
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
  bad.answer(nullptr);
  expect_delivered(bad);
}

TEST_F(Fault, F50_ABusySystemIsTriedAgain) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.answer(errcode(-1, "系统繁忙"));
  start();
  expect_harmless(bad, {"retrying", "系统繁忙", "passing trouble"}, 3);
  bad.answer(nullptr);
  expect_delivered(bad);
}

TEST_F(Fault, F50_GarbageIsNoSuccess) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.answer([](LoopbackConnection& connection) {
    connection.answer("200 OK", "", std::string("{\"errcode\":0,\"errmsg\":\"\xFF\0<html>", 30));
  });
  start();
  expect_harmless(bad, kNotDingtalks, 2);
  bad.answer(nullptr);
  expect_delivered(bad);
}

TEST_F(Fault, F50_AnEmptyAnswerIsNoSuccess) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.answer(http("200 OK", "", ""));
  start();
  expect_harmless(bad, kNotDingtalks, 2);
  bad.answer(nullptr);
  expect_delivered(bad);
}

TEST_F(Fault, F50_AHugeAnswerIsCut) {
  constexpr std::size_t kMiB = 1UL << 20;
  constexpr std::size_t kHuge = 256 * kMiB;
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  std::atomic<bool> taken = false;
  bad.answer([&](LoopbackConnection& connection) {
    taken = connection.answer("200 OK", "", "{\"errcode\":0,\"errmsg\":\"" + std::string(kHuge, 'x') + "\"}");
  });
  start();
  const auto memory = proc_status("VmHWM");
  expect_harmless(bad, {"retrying", "larger than 64 KiB", "not DingTalk's"}, 2);
  EXPECT_FALSE(taken) << "it was not cut";
  EXPECT_LT(proc_status("VmHWM") - memory, kHuge / 4 / 1024) << "KiB; a sanitizer's own are among them";
  bad.answer(nullptr);
  expect_delivered(bad);
}

TEST_F(Fault, F50_AnEndlessAnswerIsCut) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.answer([](LoopbackConnection& connection) {
    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (connection.write("1000\r\n" + std::string(0x1000, 'x') + "\r\n")) {
    }
  });
  start();
  expect_harmless(bad, {"retrying", "larger than 64 KiB", "not DingTalk's"}, 2);
  bad.answer(nullptr);
  expect_delivered(bad);
}

// 16 MiB in 16 KiB.
std::string bomb() {
  const std::string large(16UL << 20, ' ');
  std::string out(compressBound(large.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(large.data()));
  stream.avail_in = static_cast<uInt>(large.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(Fault, F50_ACompressedAnswerIsNotUnpacked) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.answer(http("200 OK", "Content-Encoding: gzip\r\n", bomb()));
  start();
  expect_harmless(bad, kNotDingtalks, 2);
  bad.answer(nullptr);
  expect_delivered(bad);
}

// Both last until the robot is mended, or the client gives up.
TEST_F(Fault, F51_AnAnswerThatDripsIsGivenUp) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  std::atomic<bool> mended = false;
  bad.answer([&](LoopbackConnection& connection) {
    connection.write("HTTP/1.1 200 OK\r\nX-Drip: ");
    do connection.write("x");
    while (!mended && !connection.ends_within(std::chrono::seconds(1)));
  });
  start();
  expect_harmless(bad, {"retrying", "timed out", "does not answer in time"}, 2);
  bad.answer(nullptr);
  mended = true;
  expect_delivered(bad);
}

TEST_F(Fault, F52_ARobotThatHangsIsGivenUp) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  std::atomic<bool> mended = false;
  bad.answer([&](LoopbackConnection& connection) {
    while (!mended && !connection.ends_within(std::chrono::milliseconds(100))) {
    }
  });
  start();
  expect_harmless(bad, {"retrying", "timed out", "does not answer in time"}, 2);
  bad.answer(nullptr);
  mended = true;
  expect_delivered(bad);
}

TEST_F(Fault, F52_ARobotThatNeverAnswersTheGreetingIsGivenUp) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.close();
  {
    const test::LoopbackServer mute(
        [](LoopbackConnection& connection, const std::string&) { connection.wait_for_end(); }, std::nullopt,
        bad.port());
    start();
    expect_harmless(bad, {"retrying", "timeout", "The host cannot be reached"}, 0);
    EXPECT_TRUE(test::eventually([&] { return mute.requests().size() > 1; })) << "it was not given up";
    EXPECT_THAT(mute.requests(), testing::Each(testing::StartsWith("\x16"))) << "a TLS greeting";
  }
  bad.reopen({});
  follow_for_two(bad.target(file("bad.pem")));
  reload_agent();
  expect_delivered(bad);
}

TEST_F(Fault, F53_AResetBeforeTheMessageWasReadLosesNothing) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  std::atomic<int> resets = 0;
  bad.admit([&](LoopbackConnection& connection) {
    if (++resets > 2) return true;
    connection.reset();
    return false;
  });
  bad.answer(errcode(-1, "busy"));
  start();
  expect_harmless(bad, {"retrying", "busy", "passing trouble"}, 1);
  EXPECT_GT(resets, 2);
  EXPECT_TRUE(logged("delivery-failed bad: "));
  bad.answer(nullptr);
  expect_delivered(bad);
}

TEST_F(Fault, F53_ALostAnswerMeansOneRepeatOfTheSameMessage) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  std::atomic<int> resets = 0;
  bad.answer([&](LoopbackConnection& connection) {
    ++resets;
    connection.reset();
  });
  start();
  expect_harmless(bad, {"retrying", "", "check the network"}, 2);
  EXPECT_TRUE(bad.attempts()[1].verdict.repeat);
  EXPECT_EQ(static_cast<std::size_t>(resets), bad.connections()) << "libcurl repeated it by itself";
  bad.answer(nullptr);
  expect_delivered(bad);
}

TEST_F(Fault, F56_AThrottledRobotRestsAlsoAfterARestart) {
  for (const auto& [answer, errmsg] :
       {std::pair(errcode(130101, "send too fast, exceed 20 times per minute"), "too fast"),
        std::pair(http("200 OK", "", R"({"status":1111,"wait":5,"source":"x5","punish":"deny"})"), "1111")}) {
    CrookedRobot bad;
    std::filesystem::remove_all(file("state"));
    std::filesystem::remove(log());
    use_group({});
    follow_for_two(bad.target(file("bad.pem")));
    bad.answer(answer);
    start();
    expect_harmless(bad, {"throttled", errmsg, ""}, 1);
    stop();
    start();
    EXPECT_EQ(target_status("bad")["state"], "throttled");
    EXPECT_THAT(target_status("bad")["last_error"]["errmsg"], testing::HasSubstr("too much"));
    expect_ops_undelayed_until([] { return true; });
    EXPECT_THAT(bad.attempts(), SizeIs(1));
    stop();
  }
}

TEST_F(Fault, F57_AWrongSecretIsToldThroughAnotherTarget) {
  CrookedRobot bad;
  follow_for_two(base::replace_all(bad.target(file("bad.pem")), kSecret, "SECanother"));
  start();
  expect_harmless(bad, {"held", "sign not match", "copy the secret again"}, 1);
  ASSERT_TRUE(test::eventually([&] { return !group().notices().empty(); }));
  EXPECT_THAT(group().notices()[0].verdict.posted.text, testing::HasSubstr("target-held"));
  follow_for_two(bad.target(file("bad.pem")));
  reload_agent();
  expect_delivered(bad);
  EXPECT_EQ(bad.attempts()[0].verdict.posted.msg_uuid, bad.attempts()[1].verdict.posted.msg_uuid);
}

}  // namespace
}  // namespace dingtail::integration
