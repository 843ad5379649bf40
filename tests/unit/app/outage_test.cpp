// The network is out for days while alerts go on: what waits stays small, and when it is back everything is
// told, within the quota. Simulated time; the robot is the strict one of the sandbox.
#include <cstdio>
#include <cstdlib>
#include <regex>

#include "base/text.h"
#include "sandbox/robot.h"
#include "world.h"

namespace dingtail::app {
namespace {

constexpr const char* kSeverities[] = {"info", "warning", "error", "critical"};

class Outage {
 public:
  Outage() : world_(rules()) {
    for (const auto& [target, token, per_minute] :
         {std::tuple("ops", "x", std::size_t{6}), std::tuple("dba", "y", std::size_t{2})}) {
      sandbox::RobotOptions options;
      options.token = base::Secret(token);
      options.per_minute = per_minute;
      robots_.emplace(target, options);
    }
    world_.commit();
  }

  // One alert a second, of which one in twenty hits twice.
  void last(base::Millis time) {
    for (const auto end = world_.now.mono + time; world_.now.mono < end; turn(1s)) {
      ++alerts_;
      const std::string line = "rule" + std::to_string(alerts_ % 8) + " key" + std::to_string(alerts_);
      for (int i = 0; i < (alerts_ % 20 == 0 ? 2 : 1); ++i, ++hits_) world_.read(line);
    }
  }
  void restart() { world_.start(rules(), 2); }
  void heal() { out_ = false; }
  void pass(base::Millis time) {
    for (const auto end = world_.now.mono + time; world_.now.mono < end;) turn(1s);
  }

  [[nodiscard]] std::uint64_t hits() const { return hits_; }
  [[nodiscard]] std::uint64_t alerts() const { return alerts_; }
  [[nodiscard]] const std::vector<std::string>& texts(const std::string& target) { return texts_[target]; }
  [[nodiscard]] bool idle() {
    const auto status = world_.courier->status(world_.now);
    return std::ranges::all_of(status, [](const auto& target) { return target.queue == 0; });
  }
  // Of all that is stored.
  [[nodiscard]] std::size_t bytes() const {
    std::size_t out = 0;
    for (const auto& [id, row] : world_.stored_rows)
      out += row.body.size() + row.report.size() + format::lines_json(row.lines).size();
    return out;
  }
  [[nodiscard]] std::size_t rows() const { return world_.stored_rows.size(); }

  std::uint64_t failed_attempts = 0;
  std::size_t largest_body = 0;

 private:
  static std::string rules() {
    std::string out;
    for (int i = 0; i < 8; ++i)
      out += rule("rule" + std::to_string(i), "severity='" + std::string(kSeverities[i % 4]) + "'\n");
    return out;
  }

  void turn(base::Millis time) {
    world_.pass(time);
    world_.commit();
    for (const auto& attempt : world_.attempts())
      world_.courier->answered(attempt.id, post(attempt), world_.now);
  }

  deliver::HttpAnswer post(const deliver::Attempt& attempt) {
    deliver::HttpAnswer answer;
    if (out_) {
      ++failed_attempts;
      answer.transport = deliver::Transport::kConnect;
      answer.error = "no route to host";
      return answer;
    }
    sandbox::Request request;
    request.method = "POST";
    request.path = "/robot/send";
    request.parameters["access_token"] = between(attempt.request.url.reveal(), "access_token=", "&");
    request.content_type = "application/json; charset=utf-8";
    request.body = attempt.request.body;
    largest_body = std::max(largest_body, request.body.size());
    const auto verdict = robots_.at(attempt.target).receive(request, world_.now);
    EXPECT_TRUE(verdict.accepted()) << verdict.errcode << " " << verdict.errmsg;
    if (verdict.accepted() && !verdict.repeat) texts_[attempt.target].push_back(verdict.posted.text);
    return World::answer(verdict.errcode);
  }

  World world_;
  std::map<std::string, sandbox::Robot> robots_;
  std::map<std::string, std::vector<std::string>> texts_;
  bool out_ = true;
  std::uint64_t hits_ = 0;
  std::uint64_t alerts_ = 0;
};

bool is_digest(const std::string& text) {
  return text.find("Merged, nothing dropped") != std::string::npos;
}

// "…, N <word>" of a digest's heading; of a single message its count.
std::uint64_t number(const std::string& text, const std::string& word) {
  const auto heading = text.substr(0, text.find('\n'));
  std::smatch found;
  if (is_digest(text)) {
    const bool some = std::regex_search(heading, found, std::regex("([0-9,]+) " + word));
    return some ? std::stoull(base::replace_all(found[1], ",", "")) : 0;
  }
  if (word == "alert") return 1;
  return std::regex_search(heading, found, std::regex("(firing|repeat) ([0-9]+) ")) ? std::stoull(found[2])
                                                                                    : 0;
}

bool tells_alerts(const std::string& text) {
  return std::regex_search(text, std::regex("\n- rule[0-9] key"));
}

bool tells_rules(const std::string& text) {
  return std::regex_search(text, std::regex("\n- rule[0-9] · "));
}

// DINGTAIL_TEST_HOURS makes it longer: 72 are three days.
TEST(OutageTest, EveryHitOfAnOutageIsToldInFiveDigestsAndALineARule) {
  const char* asked = std::getenv("DINGTAIL_TEST_HOURS");
  const auto time = std::chrono::hours(asked ? std::stol(asked) : 2);
  Outage outage;
  outage.last(time / 2);
  const auto half = outage.bytes();
  outage.restart();
  outage.last(time / 2);
  const auto bytes = outage.bytes();
  const auto rows = outage.rows();
  EXPECT_GT(outage.failed_attempts, static_cast<std::uint64_t>(time / 2min)) << "the network was out";
  EXPECT_LT(bytes, half + half / 10) << "it grows no more";
  outage.heal();
  for (int i = 0; i < 60 && !outage.idle(); ++i) outage.pass(1min);
  EXPECT_TRUE(outage.idle());
  for (const auto* target : {"ops", "dba"}) {
    std::uint64_t hits = 0;
    std::uint64_t alerts = 0;
    int of_alerts = 0;
    const auto& texts = outage.texts(target);
    for (const auto& text : texts) {
      hits += number(text, "hit");
      alerts += number(text, "alert");
      of_alerts += is_digest(text) && tells_alerts(text) ? 1 : 0;
    }
    EXPECT_EQ(hits, outage.hits()) << target;
    EXPECT_EQ(alerts, outage.alerts()) << target;
    EXPECT_LE(of_alerts, 5) << target;
    ASSERT_LE(texts.size(), 7U) << target;
    EXPECT_TRUE(tells_rules(texts.back())) << texts.back();
    std::printf("%s: %lu messages, %d digests of alerts, %lu hits and %lu alerts told of %lu and %lu\n",
                target, texts.size(), of_alerts, hits, alerts, outage.hits(), outage.alerts());
  }
  EXPECT_LE(outage.largest_body, 20'000U);
  std::printf("%ld hours: %zu rows with %zu bytes waited at its end, largest body %zu bytes\n", time.count(),
              rows, bytes, outage.largest_body);
}

}  // namespace
}  // namespace dingtail::app
