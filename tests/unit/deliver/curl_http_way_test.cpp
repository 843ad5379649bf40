// The way to the server: names, addresses, TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/silent_address.h"
#include "unit/deliver/curl_http_fixture.h"

namespace dingtail::deliver {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST_F(CurlHttpWayTest, ResolvesTheNameOfTheHost) {
  const Server server(answer_ok, tls);
  open(with_names({{"oapi.example", {"127.0.0.1"}}}));
  const auto answer = post(trusting(server.url("oapi.example")));
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
  EXPECT_EQ(answer.body, kOk);
  EXPECT_THAT(server.requests()[0], HasSubstr("\r\nHost: oapi.example:"));
}

TEST_F(CurlHttpWayTest, GoesToTheLastGoodAddressWhereTheNameCannotBeResolved) {
  const Server server(answer_ok, tls);
  open(with_names({{"oapi.example", {"127.0.0.1"}}}));
  const auto to = trusting(server.url("oapi.example"));
  EXPECT_EQ(post(to).status, 200);
  answers = false;
  EXPECT_EQ(post(to).status, 200);
  EXPECT_EQ(look_ups, 2);
}

TEST_F(CurlHttpWayTest, TellsThatANameCannotBeResolved) {
  open(with_names({}));
  const auto answer = post("https://no-such.example/robot/send?access_token=t0ken");
  EXPECT_EQ(answer.transport, Transport::kResolve);
  EXPECT_EQ(answer.error, "resolving no-such.example: no such name");
}

TEST_F(CurlHttpWayTest, BlamesTheResolverWhereTheLastGoodAddressIsNoGood) {
  open(with_names({{"oapi.example", {"127.0.0.1"}}}));
  HttpRequest to;
  {
    const Server server(answer_ok, tls);
    to = trusting(server.url("oapi.example"));
    EXPECT_EQ(post(to).status, 200);
  }
  EXPECT_EQ(post(to).transport, Transport::kConnect);
  answers = false;
  const auto answer = post(to);
  EXPECT_EQ(answer.transport, Transport::kResolve);
  EXPECT_THAT(answer.error, StartsWith("resolving oapi.example: no such name; at its last known address: "));
}

TEST_F(CurlHttpWayTest, TriesTheAddressesInTurn) {
  const Server server(answer_ok, tls);  // on 127.0.0.1 alone: the others refuse
  open(with_names({{"oapi.example", {"::1", "127.0.0.9", "127.0.0.1"}}}));
  const auto answer = post(trusting(server.url("oapi.example")));
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
}

TEST_F(CurlHttpWayTest, ASilentIpv6DelaysByAFractionOfASecond) {
  const Server server(answer_ok, tls);
  const test::SilentAddress silent("::1", server.port());
  if (!silent.is_there()) GTEST_SKIP() << "no IPv6 on loopback";
  open(with_names({{"oapi.example", {"::1", "127.0.0.1"}}}));
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = post(trusting(server.url("oapi.example")));
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(1500));
}

// Among addresses of one family libcurl 7.88 goes on to the next only when a timer wakes it.
TEST_F(CurlHttpWayTest, AnAddressThatIsSilentIsNotTheFirstNextTime) {
  const Server server(answer_ok, tls);
  const test::SilentAddress silent("127.0.0.9", server.port());
  auto options = with_names({{"oapi.example", {"127.0.0.9", "127.0.0.1"}}});
  options.connect_timeout = milliseconds(1000);
  open(std::move(options));
  const auto to = trusting(server.url("oapi.example"));
  EXPECT_EQ(post(to).transport, Transport::kConnect);
  for (int i = 0; i < 2; ++i) {
    const auto answer = post(to);
    EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
  }
}

TEST_F(CurlHttpWayTest, RefusesAHostOfOldTlsOrOfNone) {
  const Server old(answer_ok, test::Tls{certificate, TLS1_VERSION});
  const Server clear(answer_ok);
  open(with_names({{"oapi.example", {"127.0.0.1"}}}));
  EXPECT_EQ(post(trusting(old.url("oapi.example"))).transport, Transport::kTlsVersion);
  EXPECT_THAT(old.requests(), testing::Each(IsEmpty()));
  auto url = clear.url("oapi.example");
  url.replace(0, 4, "https");
  EXPECT_EQ(post(trusting(url)).transport, Transport::kTlsVersion);
  for (const auto& each : clear.requests()) EXPECT_THAT(each, Not(HasSubstr("t0ken")));
  const Server newer(answer_ok, test::Tls{certificate, TLS1_2_VERSION});
  EXPECT_EQ(post(trusting(newer.url("oapi.example"))).status, 200);
}

TEST_F(CurlHttpWayTest, AHandshakeThatBreaksOffIsNoMatterOfItsVersion) {
  const Server server([](Connection& connection, const std::string&) { connection.reset(); });
  auto url = server.url();
  url.replace(0, 4, "https");
  EXPECT_EQ(post(url).transport, Transport::kConnect);
}

TEST_F(CurlHttpWayTest, TakesTheServersRetryAfter) {
  std::string headers;
  const Server server([&](Connection& connection, const std::string&) {
    connection.answer("429 Too Many Requests", headers, "");
  });
  const auto asked = [&](const std::string& with) {
    headers = with;
    return post(server.url()).retry_after;
  };
  EXPECT_EQ(asked(""), milliseconds(0));
  EXPECT_EQ(asked("Retry-After: 90\r\n"), std::chrono::seconds(90));
  EXPECT_EQ(asked("Retry-After: 99999999999999999999\r\n"), milliseconds(0));
  EXPECT_EQ(asked("Retry-After: 999999999999\r\n"), std::chrono::hours(1));
  EXPECT_EQ(asked("Retry-After: -5\r\n"), milliseconds(0));
  const std::string date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: ";
  EXPECT_EQ(asked(date + "Sun, 06 Nov 1994 08:50:07 GMT\r\n"), std::chrono::seconds(30));
  EXPECT_EQ(asked(date + "Sun, 06 Nov 1994 08:00:00 GMT\r\n"), milliseconds(0));
  EXPECT_EQ(asked(date + "soon\r\n"), milliseconds(0));
}

}  // namespace
}  // namespace dingtail::deliver
