#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/deliver/curl_http_fixture.h"

namespace dingtail::deliver {
namespace {

using test::connect_through;
using test::make_certificate;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class CurlHttpProxyTest : public CurlHttpWayTest {};

TEST_F(CurlHttpProxyTest, GoesThroughTheProxyAndLooksNoTargetUp) {
  const Server server(answer_ok, tls);
  const Server proxy(connect_through);
  open(with_names({}));
  auto through = trusting(server.url("oapi.example"));
  through.proxy = proxy.origin();
  const auto answer = post(through);
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
  EXPECT_EQ(answer.body, kOk);
  EXPECT_EQ(look_ups, 0);
  ASSERT_THAT(proxy.requests(), SizeIs(1));
  EXPECT_THAT(proxy.requests()[0], AllOf(StartsWith("CONNECT oapi.example:"), Not(HasSubstr("t0ken"))));
}

TEST_F(CurlHttpProxyTest, ResolvesTheNameOfTheProxy) {
  const Server server(answer_ok, tls);
  const Server proxy(connect_through);
  open(with_names({{"proxy.example", {"127.0.0.1"}}}));
  auto through = trusting(server.url("oapi.example"));
  through.proxy = "http://proxy.example:" + std::to_string(proxy.port());
  EXPECT_EQ(post(through).status, 200);
  EXPECT_EQ(look_ups, 1);
  through.proxy = "http://no-such.example:1";
  const auto answer = post(through);
  EXPECT_EQ(answer.transport, Transport::kProxy);
  EXPECT_EQ(answer.error, "resolving no-such.example: no such name");
}

TEST_F(CurlHttpProxyTest, SpeaksTlsToAProxyThatDoes) {
  const Server server(answer_ok, tls);
  const Server proxy(connect_through, test::Tls{make_certificate({"IP:127.0.0.1"})});
  open(with_names({}));
  auto through = trusting(server.url("oapi.example"));
  through.proxy = proxy.origin();
  EXPECT_EQ(post(through).transport, Transport::kTls);
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST_F(CurlHttpProxyTest, TrustsTheProxyToo) {
  const auto both = make_certificate({"DNS:oapi.example,IP:127.0.0.1"});
  const Server server(answer_ok, test::Tls{both});
  const Server proxy(connect_through, test::Tls{both});
  open(with_names({}));
  auto through = request(server.url("oapi.example"));
  through.ca_file = write("ca.pem", both.pem);
  through.proxy = proxy.origin();
  const auto answer = post(through);
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
}

TEST_F(CurlHttpProxyTest, TakesTheEnvironmentsProxyButForThoseThatGoWithout) {
  const Server server(answer_ok, tls);
  const Server proxy(connect_through);
  for (const auto& [no_proxy, expected] : {std::pair{"", 1U}, std::pair{"oapi.example", 0U}}) {
    auto options = with_names({{"oapi.example", {"127.0.0.1"}}});
    options.environment = {proxy.origin(), no_proxy};
    open(std::move(options));
    const auto before = proxy.requests().size();
    EXPECT_EQ(post(trusting(server.url("oapi.example"))).status, 200);
    EXPECT_EQ(proxy.requests().size() - before, expected);
  }
}

TEST_F(CurlHttpProxyTest, ReadsNoEnvironmentByItself) {
  const Server server(answer_ok, tls);
  const Server proxy(connect_through);
  ::setenv("https_proxy", proxy.origin().c_str(), 1);
  write(".netrc", "default login netrc-user password netrc-word\n");
  ::setenv("HOME", directory.c_str(), 1);
  ::setenv("NETRC", (directory / ".netrc").c_str(), 1);
  open(with_names({{"oapi.example", {"127.0.0.1"}}}));
  EXPECT_EQ(post(trusting(server.url("oapi.example"))).status, 200);
  for (const char* name : {"https_proxy", "HOME", "NETRC"}) ::unsetenv(name);
  EXPECT_THAT(proxy.requests(), IsEmpty());
  EXPECT_THAT(server.requests()[0], Not(HasSubstr("Authorization")));
}

TEST_F(CurlHttpProxyTest, TellsWhatTheProxyAnswersInsteadOfLettingThrough) {
  open(with_names({}));
  for (const auto& status : {"407 Proxy Authentication Required", "302 Found", "503 Service Unavailable"}) {
    const Server proxy([&](Connection& connection, const std::string&) {
      connection.answer(status, "Location: http://login.example/\r\n", "<html>log in</html>");
    });
    auto through = request("https://oapi.example/robot/send?access_token=t0ken");
    through.proxy = "http://user:pass-w0rd@127.0.0.1:" + std::to_string(proxy.port());
    const auto answer = post(through);
    EXPECT_EQ(answer.transport, Transport::kProxy) << status;
    EXPECT_EQ(answer.status, std::atoi(status)) << status;
    EXPECT_THAT(answer.error, AllOf(Not(HasSubstr("w0rd")), Not(HasSubstr("t0ken"))));
    ASSERT_THAT(proxy.requests(), SizeIs(1));
    EXPECT_THAT(proxy.requests()[0],
                AllOf(HasSubstr("Proxy-Authorization: Basic "), Not(HasSubstr("t0ken"))));
  }
}

TEST_F(CurlHttpProxyTest, GivesNothingToAPageThatPosesAsTheHost) {
  const Server proxy([](Connection& connection, const std::string&) {
    connection.write("HTTP/1.1 200 OK\r\n\r\n<html>log in</html>");
    connection.wait_for_end();
  });
  open(with_names({}));
  auto through = request("https://oapi.example/robot/send?access_token=t0ken");
  through.proxy = proxy.origin();
  EXPECT_EQ(post(through).transport, Transport::kTlsVersion);
}

TEST_F(CurlHttpProxyTest, TellsThatTheProxyIsOutOfReach) {
  open(with_names({}));
  auto through = request("https://oapi.example/robot/send?access_token=t0ken");
  { through.proxy = Server(answer_ok).origin(); }
  EXPECT_EQ(post(through).transport, Transport::kProxy);
  through.proxy = "http://a b";
  EXPECT_EQ(post(through).transport, Transport::kProxy);
}

}  // namespace
}  // namespace dingtail::deliver
