// The counts of delivered messages add up to the hits, whatever happens between.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

#include "world.h"

namespace dingtail::app {
namespace {

// Random hits, answers, time-outs, commits, kills and reloads against a simple sum: what the robots were
// told, each msgUuid once, adds up to the hits that the durable state knew of.
class Storm {
 public:
  explicit Storm(std::uint32_t seed) : random_(seed), world_(kRules[0]) {
    world_.commit();
    for (int i = 0; i < 600; ++i) step();
    drain();
  }

  void check() {
    for (const auto* target : {"ops", "dba"}) {
      std::map<std::string, std::uint64_t> counted;
      std::map<std::string, std::uint64_t> by_alert;
      std::map<std::string, std::uint64_t> totals;
      std::map<std::string, std::vector<std::string>> events;
      for (const auto& [uuid, body] : received_[target]) {
        const auto messages = all_told(body);
        digests += messages.size() > 1 ? 1 : 0;
        for (const auto& message : messages) {
          counted[message.rule + " " + message.key] += message.count;
          by_alert[message.id] += message.count;
          totals[message.id] = std::max(totals[message.id], message.total);
          events[message.id].push_back(message.event);
        }
      }
      EXPECT_EQ(counted, hits_) << target;
      EXPECT_EQ(by_alert, totals) << target;
      for (const auto& [id, said] : events)  // one that ended while the agent was down says just that
        EXPECT_TRUE(std::count(said.begin(), said.end(), "firing") == 1 ||
                    said == std::vector<std::string>{"resolved"})
            << target << ": " << id << ": " << testing::PrintToString(said);
    }
  }

  std::uint64_t joined() const { return world_.joined; }
  std::uint64_t kills = 0;
  std::uint64_t lost_answers = 0;
  std::uint64_t refusals = 0;
  std::uint64_t digests = 0;

 private:
  // As at first; other words; another pattern, which ends the alerts; without the second rule.
  inline static const std::array<std::string, 4> kRules = {
      rule("one", "resolve_after='1m'\n") + rule("two"),
      rule("one", "resolve_after='1m'\nseverity='error'\n") + rule("two"),
      rule("one", "resolve_after='1m'\nexclude=['no such text']\n") + rule("two"),
      rule("one", "resolve_after='1m'\n")};

  std::size_t any(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }

  void step() {
    world_.pass(1ms);  // no two alerts of one key begin in the same millisecond
    switch (any(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return hit();
      case 4:
        return world_.pass(base::Millis(any(100)));
      case 5:
        return world_.pass(base::Millis(any(30'000)));
      case 6:
      case 7:
        return commit();
      case 8:
      case 9:
        return answer();
      case 10:
        if (any(5) == 0) kill();
        return;
      default:
        if (any(5) == 0) world_.reload(rules_ = kRules[any(kRules.size())]);
    }
  }

  void hit() {
    const std::string line = std::string(any(2) == 0 ? "one" : "two") + " " + "abc"[any(3)];
    world_.read(line);
    if (line.starts_with("one") || rules_ != kRules[3]) ++hits_[line];
  }

  void commit() {
    if (world_.committing()) {
      world_.make_durable();
      durable_hits_ = cut_hits_;
      world_.courier->committed();
    } else {
      world_.begin_commit();
      cut_hits_ = hits_;
    }
    for (auto& attempt : world_.attempts()) world_.on_their_way[attempt.target] = attempt;
  }

  void receive(const deliver::Attempt& attempt) {
    const auto& body = attempt.request.body;
    const auto [at, first] = received_[attempt.target].emplace(uuid_of(body), body);
    EXPECT_EQ(at->second, body) << "the same msgUuid, other bytes";
  }

  void answer() {
    if (world_.on_their_way.empty()) return;
    const auto attempt = world_.on_their_way.begin()->second;
    world_.on_their_way.erase(attempt.target);
    auto answer = World::answer(0);
    switch (any(8)) {
      case 0:
        receive(attempt);
        [[fallthrough]];
      case 1:
        answer.transport = deliver::Transport::kTimeout;
        answer.error = "timed out";
        ++lost_answers;
        break;
      case 2:
        answer = World::answer(std::array{130101, 400105, 300005}[any(3)]);  // throttled, refused, held
        ++refusals;
        break;
      default:
        receive(attempt);
    }
    world_.courier->answered(attempt.id, answer, world_.now);
  }

  // Between any two steps: also within a commit, which then is durable or not.
  void kill() {
    ++kills;
    for (const auto& [target, attempt] : std::exchange(world_.on_their_way, {}))
      if (any(2) == 0) receive(attempt);
    if (world_.committing() && any(2) == 0) {
      world_.make_durable();
      durable_hits_ = cut_hits_;
    }
    world_.forget_cut();
    hits_ = durable_hits_;
    world_.now.mono = base::Mono(base::Millis(any(1'000'000)));
    world_.now.wall += base::Millis(1 + any(60'000));
    world_.start(rules_ = world_.stored_rules(), static_cast<std::uint32_t>(any(1000)));
  }

  [[nodiscard]] bool quiet() const {
    for (const auto& status : world_.courier->status(world_.now))
      if (status.queue > 0) return false;
    return !world_.pipeline->alerts().next_deadline();
  }

  void drain() {
    for (int turns = 0; turns < 5000 && !quiet(); ++turns) {
      world_.pass(1min);
      for (int i = 0; i < 4; ++i) commit();
      for (const auto& [target, attempt] : std::exchange(world_.on_their_way, {})) {
        receive(attempt);
        world_.courier->answered(attempt.id, World::answer(0), world_.now);
      }
    }
    EXPECT_TRUE(quiet()) << "all is told in the end";
  }

  std::mt19937 random_;
  World world_;
  std::string rules_ = kRules[0];
  std::map<std::string, std::uint64_t> hits_;
  std::map<std::string, std::uint64_t> cut_hits_;
  std::map<std::string, std::uint64_t> durable_hits_;
  std::map<std::string, std::map<std::string, std::string>> received_;  // by target, by msgUuid
};

// DINGTAIL_TEST_SEED replays one.
TEST(PipelineStorm, EveryHitIsToldOnceToEachTargetWhateverHappensBetween) {
  const char* given = std::getenv("DINGTAIL_TEST_SEED");
  const auto first = given ? static_cast<std::uint32_t>(std::stoul(given)) : std::random_device{}();
  const std::uint32_t seeds = given ? 1 : 25;
  std::uint64_t joined = 0;
  std::uint64_t kills = 0;
  std::uint64_t lost_answers = 0;
  std::uint64_t refusals = 0;
  std::uint64_t digests = 0;
  for (std::uint32_t seed = first; seed != first + seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("DINGTAIL_TEST_SEED=" + std::to_string(seed));
    Storm storm(seed);
    storm.check();
    joined += storm.joined();
    kills += storm.kills;
    lost_answers += storm.lost_answers;
    refusals += storm.refusals;
    digests += storm.digests;
  }
  if (given) return;
  EXPECT_GT(joined, 20U);
  EXPECT_GT(kills, 20U);
  EXPECT_GT(lost_answers, 20U);
  EXPECT_GT(refusals, 20U);
  EXPECT_GT(digests, 20U);
}

}  // namespace
}  // namespace dingtail::app
