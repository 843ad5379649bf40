// Far more alerts than messages, against a robot as strict as DingTalk's, with a restart in the middle: it is
// never asked too much, and every hit is told.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include <map>
#include <thread>

#include "base/text.h"
#include "integration/host.h"

namespace dingtail::integration {
namespace {

using namespace std::chrono_literals;

constexpr int kAlerts = 300;
constexpr int kCriticalEach = 30;
constexpr auto kLasts = 20s;
constexpr int kRounds = 20;
constexpr std::size_t kRobotTakes = 20;

class Storm : public Host {
 protected:
  Storm() { use_group({.per_minute = kRobotTakes}); }

  void configure_storm() {
    const auto own = [](const std::string& name, const std::string& pattern, const std::string& severity) {
      return "[[rule]]\nname = \"" + name + "\"\nmatch = '^" + pattern +
             " (?P<k>\\d+)'\ngroup_by = [\"k\"]\n" + "summary = \"" + pattern +
             "-${k}: ${count} hits\"\nseverity = \"" + severity +
             "\"\nrepeat_interval = \"1s\"\nrepeat_max = \"1s\"\n";
    };
    write_config("state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n" +
                 base::replace_all(target(), "per_minute = 1000000\n", "") + own("bad", "bad", "critical") +
                 own("odd", "odd", "warning"));
  }
  // One line of each alert.
  static std::string round() {
    std::string out;
    for (int i = 0; i < kAlerts; ++i)
      out += (i % kCriticalEach == 0 ? "bad " : "odd ") + std::to_string(i) + "\n";
    return out;
  }
  // The most requests that arrived within 60 s.
  std::size_t worst_window() {
    std::size_t worst = 0;
    const auto count = group().requests().size();
    for (std::size_t i = 0, first = 0; i < count; ++i) {
      while (group().arrival(i) - group().arrival(first) >= 60s) ++first;
      worst = std::max(worst, i - first + 1);
    }
    return worst;
  }
};

TEST_F(Storm, ThreeHundredAlertsAreToldWithinTheQuotaOverARestart) {
  configure_storm();
  start();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) {
    append(round());
    if (i == kRounds / 2) {
      kill();
      start();
    }
    std::this_thread::sleep_until(begin + (i + 1) * (kLasts / kRounds));  // the log's own pace
  }
  constexpr std::uint64_t kHits = kAlerts * kRounds;
  EXPECT_TRUE(group().wait_for([](const Messages& now) { return hits_in(now) >= kHits; }, 90s));
  std::map<std::string, std::uint64_t> told;
  std::size_t largest = 0;
  for (const auto& alert : alerts_in(group().messages())) told[alert.key] += alert.hits;
  for (const auto& request : group().requests()) {
    EXPECT_TRUE(request.verdict.accepted()) << request.verdict.errcode << " " << request.verdict.errmsg;
    largest = std::max(largest, request.verdict.body_bytes);
  }
  EXPECT_EQ(told.size(), static_cast<std::size_t>(kAlerts));
  for (const auto& [key, hits] : told) EXPECT_EQ(hits, kRounds) << key;
  EXPECT_LE(worst_window(), kRobotTakes);
  EXPECT_LT(group().requests().size(), static_cast<std::size_t>(kAlerts)) << "more alerts than messages";
  EXPECT_LE(largest, 20'000U);
  const auto first = alerts_in(group().messages().front());
  const auto criticals =
      std::ranges::count_if(first, [](const auto& each) { return each.key.starts_with("bad-"); });
  EXPECT_EQ(criticals, kAlerts / kCriticalEach) << "the criticals are in the first message";
  std::printf("storm: %lu hits of %d alerts told in %zu requests, worst window %zu, largest body %zu bytes\n",
              hits_in(group().messages()), kAlerts, group().requests().size(), worst_window(), largest);
}

}  // namespace
}  // namespace dingtail::integration
