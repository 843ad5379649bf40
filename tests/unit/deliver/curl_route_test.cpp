#include "deliver/curl_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dingtail::deliver {
namespace {

constexpr const char* kUrl = "https://oapi.example/robot/send?access_token=t0ken";

HttpRequest request(const std::string& url, const std::string& proxy = "") {
  return {base::Secret(url), "{}", proxy, ""};
}

// "scheme via proxy to host:port", "nowhere".
std::string told(const std::optional<Route>& route) {
  if (!route) return "nowhere";
  return route->scheme + " via " + route->proxy + " to " + route->host + ":" + std::to_string(route->port);
}
std::string told(const std::string& url, const std::string& proxy = "",
                 const ProxyEnvironment& environment = {}) {
  return told(route_of(request(url, proxy), environment));
}

TEST(Route, GoesToTheHostOfTheWebhook) {
  EXPECT_EQ(told(kUrl), "https via  to oapi.example:443");
  EXPECT_EQ(told("https://OAPI.example.:8443/x"), "https via  to OAPI.example:8443");
  EXPECT_EQ(told("https://user:pw@[2001:db8::1]/"), "https via  to 2001:db8::1:443");
}

TEST(Route, LeavesThisHostEncryptedOnly) {
  EXPECT_EQ(told("http://127.0.0.1:8080/", "http://proxy.example"), "http via  to 127.0.0.1:8080");
  EXPECT_EQ(told("http://[::1]:8080/", "", {"http://proxy.example", ""}), "http via  to ::1:8080");
  for (const char* url : {"http://oapi.example/", "http://192.0.2.1/", "ftp://127.0.0.1/", "oapi.example",
                          "https://", "", "https://a b/"})
    EXPECT_EQ(told(url), "nowhere") << url;
}

TEST(Route, GoesToTheTargetsProxyBeforeAnyOther) {
  const ProxyEnvironment environment{"http://other.example:1", "oapi.example"};
  EXPECT_EQ(told(kUrl, "http://u:p@proxy.example:3128", environment),
            "https via http://u:p@proxy.example:3128 to proxy.example:3128");
  EXPECT_EQ(told(kUrl, "http://proxy.example"), "https via http://proxy.example to proxy.example:1080");
  EXPECT_EQ(told(kUrl, "https://proxy.example"), "https via https://proxy.example to proxy.example:443");
}

TEST(Route, LooksNoTargetUpForAProxy) {
  EXPECT_EQ(told(kUrl, "socks5://proxy.example:9"), "https via socks5h://proxy.example:9 to proxy.example:9");
  EXPECT_EQ(told(kUrl, "socks5h://proxy.example:9"),
            "https via socks5h://proxy.example:9 to proxy.example:9");
  EXPECT_EQ(told(kUrl, "", {"socks4://proxy.example:9", ""}),
            "https via socks4a://proxy.example:9 to proxy.example:9");
}

TEST(Route, TakesTheEnvironmentsProxyWithOrWithoutItsScheme) {
  EXPECT_EQ(told(kUrl, "", {"http://proxy.example:3128", ""}),
            "https via http://proxy.example:3128 to proxy.example:3128");
  EXPECT_EQ(told(kUrl, "", {"proxy.example:3128", ""}),
            "https via http://proxy.example:3128 to proxy.example:3128");
}

TEST(Route, LeavesAProxyThatIsNoneToLibcurl) {
  const auto route = route_of(request(kUrl, "http://a b"), {});
  ASSERT_TRUE(route);
  EXPECT_FALSE(route->needs_look_up());
}

struct Exception {
  const char* no_proxy;
  const char* host;
  bool goes_without;
};

class NoProxy : public testing::TestWithParam<Exception> {};

TEST_P(NoProxy, NamesWhoGoesWithout) {
  const auto& [no_proxy, host, goes_without] = GetParam();
  const auto route =
      route_of(request("https://" + std::string(host) + "/"), {"http://p.example:1", no_proxy});
  EXPECT_EQ(route->proxy.empty(), goes_without) << no_proxy << " " << host;
}

// As curl(1) 7.88 does with `curl -v https://HOST/`.
INSTANTIATE_TEST_SUITE_P(
    Route, NoProxy,
    testing::Values(
        Exception{"", "oapi.example", false}, Exception{"*", "oapi.example", true},
        Exception{"oapi.example", "oapi.example", true}, Exception{"OAPI.Example", "oapi.example", true},
        Exception{"example", "oapi.example", true}, Exception{".example", "oapi.example", true},
        Exception{"api.example", "oapi.example", false}, Exception{"a.test, ,example.", "oapi.example", true},
        Exception{"a.test b.test example", "oapi.example", true},
        Exception{"oapi.example.test", "oapi.example", false},
        Exception{"x.oapi.example", "oapi.example", false}, Exception{"192.0.2.1", "192.0.2.1", true},
        Exception{"2.1", "192.0.2.1", false}, Exception{"192.0.2.0/24", "192.0.2.1", true},
        Exception{"192.0.2.0/24", "192.0.3.1", false}, Exception{"192.0.2.0/31", "192.0.2.1", true},
        Exception{"192.0.2.0/32", "192.0.2.1", false}, Exception{"192.0.0.0/9", "192.127.0.1", true},
        Exception{"192.0.0.0/9", "192.128.0.1", false}, Exception{"::/0", "192.0.2.1", false},
        Exception{"2001:db8::/32", "[2001:db8::1]", true}, Exception{"2001:db8::/32", "[2001:db9::1]", false},
        Exception{"[2001:db8::1]", "[2001:db8::1]", true}));

TEST(Route, LooksNoAddressUpAndNotThisHost) {
  const auto needs = [](const std::string& host) {
    return route_of(request("https://" + host + "/"), {})->needs_look_up();
  };
  EXPECT_TRUE(needs("oapi.example"));
  EXPECT_TRUE(needs("localhost.example"));
  for (const char* host : {"192.0.2.1", "[2001:db8::1]", "localhost", "a.localhost"})
    EXPECT_FALSE(needs(host)) << host;
}

TEST(Route, ReadsTheEnvironmentAsCurlDoes) {
  const std::vector<const char*> names = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  const auto unset = [&] {
    for (const char* name : names) ::unsetenv(name);
    for (const char* name : {"no_proxy", "NO_PROXY"}) ::unsetenv(name);
  };
  unset();
  EXPECT_EQ(ProxyEnvironment::read().proxy, "");
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    ::setenv(*name, *name, 1);
    EXPECT_EQ(ProxyEnvironment::read().proxy, *name);
  }
  ::setenv("https_proxy", "", 1);
  EXPECT_EQ(ProxyEnvironment::read().proxy, "HTTPS_PROXY");
  ::setenv("NO_PROXY", "b", 1);
  EXPECT_EQ(ProxyEnvironment::read().no_proxy, "b");
  ::setenv("no_proxy", "a", 1);
  EXPECT_EQ(ProxyEnvironment::read().no_proxy, "a");
  unset();
}

}  // namespace
}  // namespace dingtail::deliver
