// The way to the server: names, addresses, proxies, TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <map>

#include "unit/deliver/curl_http_fixture.h"

namespace dingtail::deliver {
namespace {

using std::chrono::milliseconds;
using test::make_certificate;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class CurlHttpWayTest : public CurlHttpTest {
 protected:
  // A resolver that knows these names, as long as it answers.
  CurlOptions with_names(std::map<std::string, std::vector<std::string>> names) {
    CurlOptions options{.environment = {}};
    options.look_up =
        [this, known = std::move(names)](const std::string& host) -> base::Result<std::vector<std::string>> {
      ++look_ups;
      const auto found = known.find(host);
      if (found == known.end() || !answers) return base::fail(base::Code::kFailed, "no such name");
      return found->second;
    };
    return options;
  }
  HttpRequest trusting(const std::string& url) const {
    auto out = request(url);
    out.ca_file = write("ca.pem", certificate.pem);
    return out;
  }

  const test::Certificate certificate = make_certificate({"DNS:oapi.example"});
  const test::Tls tls{certificate};
  std::atomic<int> look_ups = 0;
  std::atomic<bool> answers = true;
};

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

// A server whose queue of connections is full: another is not refused, it is not answered.
class SilentAddress {
 public:
  SilentAddress(const std::string& address, std::uint16_t port) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1;
    if (!is_v4) ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
    const auto* name =
        is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
    const socklen_t size = is_v4 ? sizeof v4 : sizeof v6;
    fds_.emplace_back(::socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(fds_[0].get(), name, size) != 0 || ::listen(fds_[0].get(), 0) != 0) {
      fds_.clear();
      return;
    }
    for (int i = 0; i < 4; ++i) {
      fds_.emplace_back(::socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      static_cast<void>(::connect(fds_.back().get(), name, size));
    }
  }
  [[nodiscard]] bool is_there() const { return !fds_.empty(); }

 private:
  std::vector<base::Fd> fds_;
};

TEST_F(CurlHttpWayTest, ASilentIpv6DelaysByAFractionOfASecond) {
  const Server server(answer_ok, tls);
  const SilentAddress silent("::1", server.port());
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
  const SilentAddress silent("127.0.0.9", server.port());
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

// ---- proxies

// Connects where it is asked to: to the server on loopback with the port of that request.
void connect_through(Connection& client, const std::string& request) {
  const auto colon = request.find(':');
  const int port = std::stoi(request.substr(colon + 1));
  base::Fd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) return;
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  client.join(server);
}

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
