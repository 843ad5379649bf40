// No robot takes more than its quota in any 60 s, whatever arrives, fails, is throttled, restarts or is
// reconfigured, and all that waits leaves when the robots take messages again. The oracle is the robots' own
// clock: when each request reached them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <random>

#include "courier_fixture.h"

namespace dingtail::deliver {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::Millis kWindow = seconds(60);

struct Figures {
  std::uint64_t requests = 0;
  std::uint64_t full = 0;  // windows that held all that the quota allows
  std::uint64_t restarts = 0;
  std::uint64_t clock_steps = 0;
  std::uint64_t throttled = 0;
  std::uint64_t lost_answers = 0;
};

// Three robots: "a" serves two targets, "b" and "c" are a pool with it.
class Play : public CourierTest {
 public:
  Play(std::uint32_t seed, Figures& figures) : random_(seed), figures_(figures) {}
  void TestBody() override {}

  void play_all() {
    reconfigure();
    for (int i = 0; i < 1500 && !HasFailure(); ++i) step();
    for (int i = 0; i < 5000 && waits() && !HasFailure(); ++i) deliver_one();
    EXPECT_FALSE(waits());
  }

 private:
  struct OnItsWay {
    Attempt attempt;
    std::string robot;
  };
  std::size_t any(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }

  std::vector<Target> targets() const {
    return {{"one", {robot("a")}, quota_, {}}, {"pool", {robot("b"), robot("a"), robot("c")}, quota_, {}}};
  }

  bool waits() {
    const auto all = courier.status(now);
    return std::ranges::any_of(all, [](const auto& each) { return each.queue > 0; });
  }

  // As soon as the courier lets it leave.
  void deliver_one() {
    send();
    if (on_their_way_.empty()) {
      const auto due = courier.next_deadline(now);
      ASSERT_TRUE(due);
      ASSERT_GT(*due, now.mono);
      return pass_time(*due - now.mono);
    }
    const auto one = on_their_way_.front();
    on_their_way_.erase(on_their_way_.begin());
    reach(one.robot);
    answer(one.attempt, errcode(0));
  }

  void step() {
    switch (any(10)) {
      case 0:
      case 1:
      case 2:
        return arrive();
      case 3:
        return pass_time(base::Millis(any(500)));
      case 4:
        return pass_time(base::Millis(any(20'000)));
      case 5:
      case 6:
        return send();
      case 7:
      case 8:
        return answer_one();
      default:
        if (any(10) == 0) restart_agent();
        if (any(20) == 0) reconfigure();
        if (any(30) == 0) pass_time(minutes(any(25)));
        if (any(10) == 0) set_clock();
    }
  }

  void pass_time(base::Millis time) {
    pass(time);
    true_time_ += time;
  }

  // As NTP does to a clock that was wrong.
  void set_clock() {
    now.wall += base::Millis(any(600'000)) - minutes(5);
    ++figures_.clock_steps;
    commit();
  }

  void arrive() {
    for (std::size_t count = any(4) == 0 ? 1 + any(30) : 1; count > 0; --count) {
      auto each = post(any(2) == 0 ? "one" : "pool", "m");
      if (any(3) > 0) {
        format::DigestLine line;
        line.rule = "r";
        line.text = "t";
        line.alerts = line.hits = 1;
        line.severity = any(5) == 0 ? config::Severity::kCritical : config::Severity::kInfo;
        each.lines = {line};
      }
      if (any(20) == 0)
        courier.add_urgent(std::move(each), now);
      else
        courier.add(std::move(each), now);
    }
  }

  // Each request reaches its robot somewhen before its answer, or not at all.
  void send() {
    for (auto& attempt : attempts()) {
      const auto& url = attempt.request.url.reveal();
      auto token = url.substr(url.find("token-of-") + 9, 1);
      on_their_way_.push_back({std::move(attempt), std::move(token)});
    }
  }

  void reach(const std::string& name) {
    auto& seen = seen_[name];
    ++figures_.requests;
    while (!seen.empty() && seen.front() + kWindow <= true_time_) seen.pop_front();
    seen.push_back(true_time_);
    EXPECT_LE(seen.size(), quota_) << name;
    figures_.full += seen.size() == quota_ ? 1 : 0;
  }

  void answer_one() {
    if (on_their_way_.empty()) return;
    const auto which = any(on_their_way_.size());
    const auto one = on_their_way_[which];
    on_their_way_.erase(on_their_way_.begin() + static_cast<std::ptrdiff_t>(which));
    switch (any(10)) {
      case 0:
        answer(one.attempt, broken(Transport::kConnect));
        return;
      case 1:
        reach(one.robot);
        pass_time(base::Millis(any(10'000)));
        ++figures_.lost_answers;
        answer(one.attempt, broken(Transport::kTimeout));
        return;
      case 2:
        reach(one.robot);
        answer(one.attempt, errcode(std::array{430101, -1, 300005, 310000, 777777}[any(5)]));
        return;
      case 3:
        if (any(10) != 0) break;
        reach(one.robot);
        ++figures_.throttled;
        answer(one.attempt, errcode(130101));
        return;
      default:
        break;
    }
    reach(one.robot);
    pass_time(base::Millis(any(3000)));
    answer(one.attempt, errcode(0));
  }

  // Killed: what was on its way may have arrived. The host may have started anew, its clock set right.
  void restart_agent() {
    ++figures_.restarts;
    for (const auto& one : std::exchange(on_their_way_, {}))
      if (any(2) == 0) reach(one.robot);
    pass_time(base::Millis(any(2) == 0 ? any(100) : any(90'000)));
    now.mono = base::Mono(base::Millis(any(1'000'000)));
    restart(targets());
  }

  void reconfigure() { configure(targets()); }

  std::mt19937 random_;
  Figures& figures_;
  const std::uint32_t quota_ = 1 + static_cast<std::uint32_t>(any(20));
  base::Mono true_time_{hours(1)};
  std::vector<OnItsWay> on_their_way_;
  std::map<std::string, std::deque<base::Mono>> seen_;  // arrivals
};

// DINGTAIL_TEST_SEED replays one; DINGTAIL_TEST_SEEDS says how many.
TEST(QuotaProperty, NoRobotTakesMoreThanItsQuotaInAnySixtySeconds) {
  const char* given = std::getenv("DINGTAIL_TEST_SEED");
  const char* asked = std::getenv("DINGTAIL_TEST_SEEDS");
  const auto first = given ? static_cast<std::uint32_t>(std::stoul(given)) : std::random_device{}();
  const auto seeds = given ? 1 : asked ? static_cast<std::uint32_t>(std::stoul(asked)) : 25U;
  Figures figures;
  for (std::uint32_t seed = first; seed != first + seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("DINGTAIL_TEST_SEED=" + std::to_string(seed));
    Play play(seed, figures);
    play.play_all();
  }
  std::printf(
      "%lu requests, %lu of them the last that the quota allowed, %lu restarts, %lu steps of the clock, "
      "%lu throttled, %lu answers lost\n",
      figures.requests, figures.full, figures.restarts, figures.clock_steps, figures.throttled,
      figures.lost_answers);
  if (given) return;
  EXPECT_GT(figures.full, 20U);
  EXPECT_GT(figures.restarts, 100U);
  EXPECT_GT(figures.clock_steps, 100U);
  EXPECT_GT(figures.throttled, 10U);
  EXPECT_GT(figures.lost_answers, 100U);
}

}  // namespace
}  // namespace dingtail::deliver
