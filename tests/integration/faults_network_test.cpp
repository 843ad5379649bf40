// F45–F47, F54, F57: no name, no way, no trust, a proxy in between. Another robot is not delayed meanwhile,
// and no loop is held up (expect_harmless).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "integration/fault.h"
#include "support/name_server.h"
#include "support/silent_address.h"

namespace dingtail::integration {
namespace {

using test::LoopbackConnection;
using test::NameServer;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr test::CertificateOptions kNamed{.name = "DNS:robot.test"};

// A mount namespace of the agent's own, where that is /etc/resolv.conf.
std::vector<std::string> with_resolv_conf(const std::string& path) {
  return {"unshare", "-Urm", "sh", "-c", "mount --bind " + path + R"( /etc/resolv.conf && exec "$0" "$@")"};
}

// Why it cannot be had here; empty: it can.
std::string refused(const NameServer& names, const std::string& path, const std::string& scratch) {
  if (!names.is_there()) return "port 53 cannot be had";
  auto words = with_resolv_conf(path);
  words.emplace_back("true");
  const auto tried = test::run({words[0], {words.begin() + 1, words.end()}}, scratch);
  return tried.code == 0 ? "" : "no mount namespaces: " + tried.err;
}

TEST_F(Fault, F45_ANameThatCannotBeResolvedIsAskedForAgain) {
  NameServer names("127.0.53.1");
  const auto conf = dir_.write("resolv.conf", names.resolv_conf("timeout:1 attempts:1"));
  if (const auto why = refused(names, conf, file("unshare")); !why.empty()) GTEST_SKIP() << why;
  under_ = with_resolv_conf(conf);
  CrookedRobot bad(kNamed);
  follow_for_two(bad.target(file("bad.pem"), "", "robot.test"));
  names.say(NameServer::Says::kNoSuchName);
  start();
  expect_harmless(bad, {"retrying", "resolving robot.test: ", "the DNS"}, 0);
  names.say(NameServer::Says::kFailure);
  const auto asked = names.asked();
  EXPECT_TRUE(test::eventually([&] { return names.asked() > asked + 2; }));
  EXPECT_EQ(bad.connections(), 0U);
  names.say(NameServer::Says::kAddress);
  expect_delivered(bad);
}

TEST_F(Fault, F45_ASilentResolverHoldsUpNothingAndTheLastGoodAddressIsUsed) {
  NameServer names("127.0.53.2");
  const auto conf = dir_.write("resolv.conf", names.resolv_conf("timeout:10 attempts:3"));
  if (const auto why = refused(names, conf, file("unshare")); !why.empty()) GTEST_SKIP() << why;
  under_ = with_resolv_conf(conf);
  CrookedRobot bad(kNamed);
  follow_for_two(bad.target(file("bad.pem"), "", "robot.test"));
  start();
  expect_harmless(bad, {"ok", "", ""}, 1);
  const auto delivered = bad.attempts().size();
  names.say(NameServer::Says::kNothing);
  const auto asked = names.asked();
  const auto begin = std::chrono::steady_clock::now();
  expect_ops_undelayed_until([&] { return bad.attempts().size() > delivered; });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(8));
  EXPECT_GT(names.asked(), asked) << "it was not asked";
  expect_delivered(bad);
  stop();
}

TEST_F(Fault, F45_ASilentResolverDoesNotHoldUpTheEnd) {
  NameServer names("127.0.53.3");
  const auto conf = dir_.write("resolv.conf", names.resolv_conf("timeout:30 attempts:5"));
  if (const auto why = refused(names, conf, file("unshare")); !why.empty()) GTEST_SKIP() << why;
  under_ = with_resolv_conf(conf);
  CrookedRobot bad(kNamed);
  follow_for_two(bad.target(file("bad.pem"), "", "robot.test"));
  names.say(NameServer::Says::kNothing);
  start();
  expect_ops_undelayed_until([&] { return names.asked() > 0; });
  const auto begin = std::chrono::steady_clock::now();
  stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(7));
}

TEST_F(Fault, F46_ARobotThatIsOutOfReachIsTriedAgain) {
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem")));
  bad.close();
  test::SilentAddress silent("127.0.0.1", bad.port());
  ASSERT_TRUE(silent.is_there());
  start();
  expect_harmless(bad, {"retrying", "connect", "check the network"}, 0);  // no answer
  silent.close();
  expect_ops_undelayed_until([&] { return logged("Connection refused") || logged("connect to server"); });
  bad.reopen({});
  follow_for_two(bad.target(file("bad.pem")));
  reload_agent();
  expect_delivered(bad);
}

// No packet leaves: the kernel has no way for TCP to a group address.
TEST_F(Fault, F46_AHostThatNoRouteLeadsToIsTriedAgain) {
  const base::Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in group_address{};
  group_address.sin_family = AF_INET;
  group_address.sin_port = htons(443);
  group_address.sin_addr.s_addr = htonl(INADDR_ALLHOSTS_GROUP);
  ASSERT_NE(::connect(probe.get(), reinterpret_cast<const sockaddr*>(&group_address), sizeof group_address),
            0);
  ASSERT_EQ(errno, ENETUNREACH);
  CrookedRobot bad;
  follow_for_two(bad.target(file("bad.pem"), "", "224.0.0.1"));
  start();
  expect_harmless(bad, {"retrying", "224.0.0.1", "The host cannot be reached"}, 0);
  EXPECT_EQ(bad.connections(), 0U);
  follow_for_two(bad.target(file("bad.pem")));
  reload_agent();
  expect_delivered(bad);
}

struct Distrusted {
  const char* name;
  test::CertificateOptions certificate;
  int newest_tls;
  const char* errmsg;
  const char* remedy;
};

TEST_F(Fault, F47_AHostThatCannotBeTrustedGetsNothing) {
  for (const auto& [name, certificate, newest_tls, errmsg, remedy] :
       {Distrusted{"expired", {.begins_in_s = -7200, .ends_in_s = -3600}, 0, "expired", "this host's clock"},
        Distrusted{
            "not yet", {.begins_in_s = 3600, .ends_in_s = 7200}, 0, "not yet valid", "this host's clock"},
        Distrusted{"another host's", {.name = "DNS:other.example"}, 0, "127.0.0.1", "host's name"},
        Distrusted{"TLS 1.0", {}, TLS1_VERSION, "", "TLS 1.2"}}) {
    SCOPED_TRACE(name);
    use_group({});
    CrookedRobot bad(certificate, newest_tls);
    follow_for_two(bad.target(file("bad.pem")));
    start();
    expect_harmless(bad, {"held", errmsg, remedy}, 0);
    EXPECT_GT(bad.connections(), 0U);
    EXPECT_EQ(bad.connections_with_bytes(), 0U);
    ASSERT_TRUE(test::eventually([&] { return !group().notices().empty(); }));
    EXPECT_THAT(group().notices()[0].verdict.posted.text, HasSubstr(remedy));
    bad.reopen({});
    follow_for_two(bad.target(file("bad.pem")));
    reload_agent();
    expect_delivered(bad);
    stop();
    std::filesystem::remove_all(file("state"));
    std::filesystem::remove(log());
  }
}

TEST_F(Fault, F47_AnIssuerThatNobodyKnowsIsNotTrusted) {
  CrookedRobot bad;
  const auto target = bad.target(file("bad.pem"));
  dir_.write("bad.pem", group().certificate());  // of another
  follow_for_two(target);
  start();
  expect_harmless(bad, {"held", "certificate", "`ca_file`"}, 0);
  EXPECT_EQ(bad.connections_with_bytes(), 0U);
  static_cast<void>(bad.target(file("bad.pem")));
  reload_agent();
  expect_delivered(bad);
}

TEST_F(Fault, F54_AProxyThatWantsALoginIsTold) {
  std::atomic<bool> lets_through = false;
  const test::LoopbackServer proxy([&](LoopbackConnection& connection, const std::string& request) {
    if (lets_through) return test::connect_through(connection, request);
    connection.answer("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"x\"\r\n", "");
  });
  CrookedRobot bad(kNamed);
  follow_for_two(bad.target(file("bad.pem"), "proxy = \"" + proxy.origin() + "\"", "robot.test"));
  start();
  expect_harmless(bad, {"held", "407", "user and password in `proxy`"}, 0);
  EXPECT_EQ(bad.connections(), 0U);
  ASSERT_TRUE(test::eventually([&] { return !group().notices().empty(); }));
  EXPECT_THAT(group().notices()[0].verdict.posted.text, HasSubstr("407"));
  lets_through = true;
  reload_agent();
  expect_delivered(bad);
  EXPECT_THAT(proxy.requests(), Each(AllOf(StartsWith("CONNECT robot.test:"), Not(HasSubstr(kToken)))));
}

TEST_F(Fault, F54_AProxyThatIsDownIsTriedAgain) {
  auto proxy = std::make_unique<test::LoopbackServer>(test::connect_through);
  const auto port = proxy->port();
  CrookedRobot bad(kNamed);
  follow_for_two(bad.target(file("bad.pem"), "proxy = \"" + proxy->origin() + "\"", "robot.test"));
  proxy.reset();
  start();
  expect_harmless(bad, {"retrying", "", "The proxy cannot be reached"}, 0);
  proxy = std::make_unique<test::LoopbackServer>(test::connect_through, std::nullopt, port);
  expect_delivered(bad);
}

TEST_F(Fault, F54_APageInTheProxysPlaceGetsNothing) {
  std::atomic<bool> poses = true;
  const test::LoopbackServer proxy([&](LoopbackConnection& connection, const std::string& request) {
    if (!poses) return test::connect_through(connection, request);
    connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>log in</html>");
    connection.wait_for_end();
  });
  CrookedRobot bad(kNamed);
  follow_for_two(bad.target(file("bad.pem"), "proxy = \"" + proxy.origin() + "\"", "robot.test"));
  start();
  expect_harmless(bad, {"held", "", "TLS 1.2"}, 0);
  EXPECT_THAT(proxy.requests(), Each(Not(HasSubstr(kToken))));
  poses = false;
  reload_agent();
  expect_delivered(bad);
}

TEST_F(Fault, F54_TheEnvironmentsProxyIsTakenButForThoseThatGoWithout) {
  const test::LoopbackServer proxy(test::connect_through);
  environment_["https_proxy"] = proxy.origin();
  environment_["no_proxy"] = "127.0.0.0/8";
  CrookedRobot bad(kNamed);
  follow_for_two(bad.target(file("bad.pem"), "", "robot.test"));
  start();
  expect_harmless(bad, {"ok", "", ""}, 1);
  EXPECT_THAT(proxy.requests(), AllOf(Not(IsEmpty()), Each(StartsWith("CONNECT robot.test:"))));
}

}  // namespace
}  // namespace dingtail::integration
