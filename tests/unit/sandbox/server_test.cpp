#include "sandbox/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "sandbox/show.h"
#include "support/certificate.h"
#include "support/client.h"
#include "unit/sandbox/requests.h"

namespace dingtail::sandbox {
namespace {

using test::Connection;
using test::make_certificate;
using test::Response;
using test::send;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

const char* const kOk = R"({"errcode":0,"errmsg":"ok"})";

// What the server reported, from its threads to the test's.
class Group {
 public:
  void add(const Received& received) {
    const std::scoped_lock lock(mutex_);
    all_.push_back(received);
    grown_.notify_all();
  }
  std::vector<Received> all() {
    const std::scoped_lock lock(mutex_);
    return all_;
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, std::chrono::seconds(20), [&] { return all_.size() >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable grown_;
  std::vector<Received> all_;
};

class ServerTest : public testing::Test {
 protected:
  void start(const ServerOptions& options = {}, RobotOptions robot = {}) {
    auto started = Server::start(options, std::move(robot), [this](const Received& one) { group_.add(one); });
    ASSERT_TRUE(started) << started.error().what;
    server_ = std::move(*started);
  }
  Response post(const std::string& body = markdown()) { return send({server_->url(), body}); }
  int end_of(const std::string& bytes) {
    Connection connection(server_->port());
    connection.write(bytes);
    return connection.end();
  }

  Group group_;
  std::unique_ptr<Server> server_;
};

constexpr std::string_view kHead =
    "POST /robot/send?access_token=t HTTP/1.1\r\nHost: robot\r\nContent-Type: application/json\r\n";

// As dingtalk.md's shell line does it; robot_test.cpp holds the published vectors.
std::string sign(std::int64_t timestamp, const std::string& secret) {
  const std::string message = std::to_string(timestamp) + "\n" + secret;
  unsigned char mac[32];
  std::size_t size = 0;
  EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, secret.data(), secret.size(),
            reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac, sizeof(mac), &size);
  unsigned char base64[64];
  const int length = EVP_EncodeBlock(base64, mac, static_cast<int>(size));
  return {base64, base64 + length};
}

std::string raw(const std::string& body) {
  return std::string(kHead) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_F(ServerTest, AcceptsAMessageAndReportsIt) {
  start();
  const auto answer = post(with_uuid("u-1"));
  EXPECT_EQ(answer.code, CURLE_OK);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.content_type, StartsWith("application/json"));
  EXPECT_EQ(answer.body, kOk);
  ASSERT_THAT(group_.all(), SizeIs(1));
  const auto received = group_.all().front();
  EXPECT_TRUE(received.verdict.accepted());
  EXPECT_EQ(received.verdict.posted.title, "disk full");
  EXPECT_EQ(received.verdict.posted.msg_uuid, "u-1");
  const auto age = std::chrono::system_clock::now() - received.at;
  EXPECT_LT(age, std::chrono::minutes(1));
  EXPECT_GE(age, std::chrono::minutes(-1));
}

TEST_F(ServerTest, TellsItsUrl) {
  start();
  EXPECT_EQ(server_->url(),
            "http://127.0.0.1:" + std::to_string(server_->port()) + "/robot/send?access_token=sandbox");
}

TEST_F(ServerTest, ListensOnIpv6) {
  ServerOptions options;
  options.address = "::1";
  auto started = Server::start(options, {}, [this](const Received& one) { group_.add(one); });
  if (!started) GTEST_SKIP() << started.error().what;
  EXPECT_THAT((*started)->url(), StartsWith("http://[::1]:"));
  EXPECT_EQ(send({(*started)->url(), markdown()}).body, kOk);
}

TEST_F(ServerTest, AcceptsASignatureEncodedOnceAndRefusesAnUnencodedPlus) {
  RobotOptions robot;
  robot.secret = base::Secret("this is a secret");
  start({}, robot);
  std::int64_t timestamp = base::unix_ms(std::chrono::floor<base::Millis>(std::chrono::system_clock::now()));
  while (sign(timestamp, "this is a secret").find('+') == std::string::npos) --timestamp;
  const std::string raw_sign = sign(timestamp, "this is a secret");
  const std::string url = server_->url() + "&timestamp=" + std::to_string(timestamp) + "&sign=";
  const std::string half = base::replace_all(base::replace_all(raw_sign, "/", "%2F"), "=", "%3D");
  EXPECT_EQ(send({url + base::replace_all(half, "+", "%2B"), markdown()}).body, kOk);
  EXPECT_EQ(send({url + half, markdown()}).body, R"({"errcode":310000,"errmsg":"sign not match"})");
  EXPECT_THAT(check_of(group_.all().back().verdict, "signature")->detail, HasSubstr("%2B"));
}

TEST_F(ServerTest, RefusesAndReportsTheRefusal) {
  start();
  EXPECT_EQ(post("{}").body, R"({"errcode":400105,"errmsg":"msgtype is not supported"})");
  ASSERT_THAT(group_.all(), SizeIs(1));
  EXPECT_EQ(group_.all().front().verdict.errcode, 400105);
}

TEST_F(ServerTest, RefusesAFormAndAGet) {
  start();
  const Response form = send({server_->url(), "msgtype=text", "application/x-www-form-urlencoded"});
  EXPECT_THAT(form.body, HasSubstr("43004"));
  Connection connection(server_->port());
  connection.write("GET /robot/send?access_token=t HTTP/1.0\r\n\r\n");
  EXPECT_EQ(connection.end(), 0);
  ASSERT_THAT(group_.all(), SizeIs(2));
  EXPECT_EQ(group_.all().back().verdict.errcode, 43002);
}

TEST_F(ServerTest, HasNothingElsewhere) {
  start();
  const std::string port = std::to_string(server_->port());
  EXPECT_EQ(send({"http://127.0.0.1:" + port + "/?access_token=t", markdown()}).status, 404);
}

TEST_F(ServerTest, TakesTwentyThousandBytesAndNoMore) {
  start();
  EXPECT_EQ(post(of_size(20'000)).body, kOk);
  EXPECT_THAT(post(of_size(20'001)).body, HasSubstr("460101"));
}

TEST_F(ServerTest, StoresABoundedPartOfAHugeBody) {
  start();
  EXPECT_THAT(post(std::string(3U << 20, 'x')).body, HasSubstr("460101"));
  ASSERT_THAT(group_.all(), SizeIs(1));
  EXPECT_EQ(group_.all().front().verdict.body_bytes, 1U << 20);
}

TEST_F(ServerTest, RefusesTheTwentyFirstMessage) {
  start();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(post().body, kOk);
  EXPECT_THAT(post().body, HasSubstr("410100"));
}

TEST_F(ServerTest, SpeaksTls) {
  const auto certificate = make_certificate();
  ServerOptions options;
  options.tls_certificate_pem = certificate.pem;
  options.tls_key_pem = certificate.key_pem;
  start(options);
  EXPECT_THAT(server_->url(), StartsWith("https://127.0.0.1:"));
  const Response trusted = send({server_->url(), markdown(), "application/json", certificate.pem});
  EXPECT_EQ(trusted.code, CURLE_OK);
  EXPECT_EQ(trusted.body, kOk);
  const Response untrusted = send({server_->url(), markdown(), "application/json", make_certificate().pem});
  EXPECT_EQ(untrusted.code, CURLE_PEER_FAILED_VERIFICATION);
  EXPECT_THAT(group_.all(), SizeIs(1));
}

TEST_F(ServerTest, SaysThatItsCertificateIsUnusable) {
  ServerOptions options;
  options.tls_certificate_pem = "no certificate";
  options.tls_key_pem = "no key";
  const auto started = Server::start(options, {}, [](const Received&) {});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().what, HasSubstr("certificate"));
}

TEST_F(ServerTest, SaysThatItsPortIsTaken) {
  start();
  ServerOptions options;
  options.port = server_->port();
  const auto started = Server::start(options, {}, [](const Received&) {});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().what, HasSubstr("127.0.0.1 port " + std::to_string(options.port)));
  EXPECT_THAT(started.error().what, HasSubstr("in use"));
}

TEST_F(ServerTest, AnswersLateButTakesTheMessageAtOnce) {
  start({.misbehaviour = {.delay = std::chrono::hours(1), .times = 1}});
  const Response late = send({server_->url(), with_uuid("u-1"), "application/json", "", 300});
  EXPECT_EQ(late.code, CURLE_OPERATION_TIMEDOUT);
  ASSERT_TRUE(group_.wait_for(1));
  EXPECT_TRUE(group_.all().front().verdict.accepted());
  EXPECT_EQ(post(with_uuid("u-1")).body, kOk);
  EXPECT_TRUE(group_.all().back().verdict.repeat);
}

TEST_F(ServerTest, AnswersAfterTheDelay) {
  start({.misbehaviour = {.delay = base::Millis(150)}});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(post().body, kOk);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, base::Millis(150));
}

TEST_F(ServerTest, KeepsNobodyElseWaitingAndDoesNotWaitItselfToStop) {
  start({.misbehaviour = {.delay = std::chrono::hours(1), .times = 1}});
  std::thread late([url = server_->url()] { EXPECT_NE(send({url, markdown()}).code, CURLE_OK); });
  ASSERT_TRUE(group_.wait_for(1));
  EXPECT_EQ(post().body, kOk);
  server_.reset();
  late.join();
}

TEST_F(ServerTest, ResetsBeforeTheBodyAndHasNoMessage) {
  start({.misbehaviour = {.reset = Reset::kBeforeBody, .times = 2}});
  EXPECT_EQ(end_of(std::string(kHead) + "Content-Length: 100\r\n\r\n"), ECONNRESET);
  EXPECT_EQ(end_of(raw(markdown())), ECONNRESET);
  EXPECT_THAT(group_.all(), IsEmpty());
  EXPECT_EQ(post().body, kOk);
}

TEST_F(ServerTest, ResetsAfterTheBodyAndHasTheMessage) {
  start({.misbehaviour = {.reset = Reset::kAfterBody, .times = 1}});
  EXPECT_EQ(end_of(raw(with_uuid("u-1"))), ECONNRESET);
  ASSERT_THAT(group_.all(), SizeIs(1));
  EXPECT_TRUE(group_.all().front().verdict.accepted());
  EXPECT_EQ(post(with_uuid("u-1")).body, kOk);
  EXPECT_TRUE(group_.all().back().verdict.repeat);
}

TEST_F(ServerTest, ResetsUnderTls) {
  const auto certificate = make_certificate();
  ServerOptions options;
  options.tls_certificate_pem = certificate.pem;
  options.tls_key_pem = certificate.key_pem;
  options.misbehaviour = {.reset = Reset::kAfterBody};
  start(options);
  const Response answer = send({server_->url(), markdown(), "application/json", certificate.pem});
  EXPECT_EQ(answer.code, CURLE_RECV_ERROR);
  EXPECT_THAT(group_.all(), SizeIs(1));
}

TEST_F(ServerTest, AnswersGarbageButTakesTheMessage) {
  start({.misbehaviour = {.garbage = "<html>\xFF not JSON"}});
  const auto answer = post();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "<html>\xFF not JSON");
  ASSERT_THAT(group_.all(), SizeIs(1));
  EXPECT_TRUE(group_.all().front().verdict.accepted());
}

TEST_F(ServerTest, AnswersWithAnyErrcodeAndHasNoMessage) {
  start({.misbehaviour = {.errcode = 130101, .errmsg = "send too fast", .times = 1}});
  EXPECT_EQ(post(with_uuid("u-1")).body, R"({"errcode":130101,"errmsg":"send too fast"})");
  EXPECT_FALSE(group_.all().front().verdict.accepted());
  EXPECT_EQ(post(with_uuid("u-1")).body, kOk);
  EXPECT_FALSE(group_.all().back().verdict.repeat);
}

TEST_F(ServerTest, CallsNoRefusedMessageARepeat) {
  start();
  EXPECT_EQ(post(with_uuid("u-1")).body, kOk);
  server_->misbehave({.errcode = -1, .errmsg = "system busy"});
  EXPECT_THAT(post(with_uuid("u-1")).body, HasSubstr("-1"));
  EXPECT_FALSE(group_.all().back().verdict.repeat);
}

TEST_F(ServerTest, AnswersWithAnyStatusAndHasNoMessage) {
  start({.misbehaviour = {.http_status = 502, .times = 1}});
  const auto answer = post(with_uuid("u-1"));
  EXPECT_EQ(answer.status, 502);
  EXPECT_THAT(answer.body, Not(HasSubstr("errcode")));
  EXPECT_FALSE(group_.all().front().verdict.accepted());
  EXPECT_EQ(post(with_uuid("u-1")).status, 200);
  EXPECT_FALSE(group_.all().back().verdict.repeat);
}

TEST_F(ServerTest, MisbehavesForSoManyRequests) {
  start();
  EXPECT_EQ(post().body, kOk);
  server_->misbehave({.errcode = -1, .errmsg = "system busy", .times = 2});
  EXPECT_THAT(post().body, HasSubstr("-1"));
  EXPECT_THAT(post().body, HasSubstr("-1"));
  EXPECT_EQ(post().body, kOk);
}

TEST_F(ServerTest, MisbehavesUntilItIsToldToBehave) {
  start({.misbehaviour = {.errcode = -1, .errmsg = "system busy"}});
  for (int i = 0; i < 5; ++i) EXPECT_THAT(post().body, HasSubstr("-1"));
  server_->misbehave({});
  EXPECT_EQ(post().body, kOk);
}

TEST_F(ServerTest, MayBeToldToMisbehaveFromItsOwnReport) {
  auto started = Server::start({}, {}, [this](const Received&) { server_->misbehave({.http_status = 503}); });
  ASSERT_TRUE(started);
  server_ = std::move(*started);
  EXPECT_EQ(post().status, 200);
  EXPECT_EQ(post().status, 503);
}

TEST_F(ServerTest, NeverReportsTokenSignOrSecret) {
  RobotOptions robot;
  robot.secret = base::Secret("planted-secret");
  robot.token = base::Secret("planted-token");
  start({}, robot);
  send({server_->url() + "&timestamp=1&sign=planted-sign", markdown()});
  send({server_->url() + "&timestamp=99999999999999&sign=planted-sign", markdown()});
  send({server_->url() + "x&sign=planted-sign", markdown()});
  ASSERT_THAT(group_.all(), SizeIs(3));
  for (const auto& received : group_.all()) {
    EXPECT_FALSE(received.verdict.accepted());
    EXPECT_THAT(to_json(received), Not(HasSubstr("planted")));
  }
}

}  // namespace
}  // namespace dingtail::sandbox
