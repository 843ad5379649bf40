// Fault's part with two robots.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "integration/fault.h"
#include "integration/loop_watch.h"

namespace dingtail::integration {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

constexpr milliseconds kUndelayed{4000};  // a slow disk alone may cost seconds; these faults cost 5 and more
constexpr milliseconds kWorstGap{250};
constexpr std::size_t kAnswers = 50;  // for a worst of them to mean something

void expect_same_message(const std::vector<Attempt>& attempts) {
  ASSERT_FALSE(attempts.empty());
  std::set<std::string> signatures;
  for (const auto& each : attempts) {
    EXPECT_EQ(each.verdict.posted.msg_uuid, attempts[0].verdict.posted.msg_uuid);
    EXPECT_EQ(each.body, attempts[0].body);
    EXPECT_FALSE(each.timestamp.empty());
    signatures.insert(each.sign);
  }
  EXPECT_EQ(signatures.size(), attempts.size());
}

}  // namespace

void Fault::follow_for_two(const std::string& bad) {
  follow("\"app.log\"", "", bad + line_rule());
}

nlohmann::json Fault::target_status(const std::string& name) {
  const auto all = status();
  if (!all.is_null())
    for (const auto& each : all["targets"])
      if (each["name"] == name) return each;
  return nullptr;
}

void Fault::expect_ops_undelayed_until(const std::function<bool()>& enough) {
  milliseconds worst{0};
  auto lines_before = static_cast<int>(group().messages().size());
  const auto deadline = std::chrono::steady_clock::now() + test::kDeadline;
  do {
    ++lines_before;
    const auto begin = std::chrono::steady_clock::now();
    write(lines_before, lines_before);
    ASSERT_TRUE(wait_until_told(lines_before));
    worst =
        std::max(worst, std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin));
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  } while (!test::eventually(enough, milliseconds(500)));
  RecordProperty("worst_delay_of_ops_ms", std::to_string(worst.count()));
  EXPECT_LT(worst, kUndelayed);
}

void Fault::expect_harmless(CrookedRobot& bad, const Trouble& trouble, std::size_t attempts) {
  LoopWatch watch(agent().pid(), file("state/control.sock"));
  nlohmann::json seen;
  expect_ops_undelayed_until([&] {
    if (bad.attempts().size() < attempts || watch.answers() < kAnswers) return false;
    seen = target_status("bad");
    return seen["state"] == trouble.state;
  });
  const auto worst = watch.end();
  RecordProperty("worst_gap_ms", std::to_string(worst.agent.count()));
  RecordProperty("worst_gap_of_idle_ms", std::to_string(worst.idle.count()));
  EXPECT_LE(worst.agent, worst.idle + kWorstGap);

  ASSERT_FALSE(seen.is_null()) << "never " << trouble.state;
  if (seen["state"] != "ok") {
    EXPECT_THAT(seen["last_error"]["errmsg"], HasSubstr(trouble.errmsg));
    EXPECT_THAT(seen["last_error"]["remedy"], HasSubstr(trouble.remedy));
  }
  EXPECT_TRUE(logged(trouble.remedy));
  for (const char* secret : {kToken, kSecret, "access_token=", "sign="})
    EXPECT_FALSE(logged(secret)) << secret;
  if (attempts > 0) expect_same_message(bad.attempts());
}

void Fault::expect_delivered(CrookedRobot& bad) {
  EXPECT_TRUE(test::eventually([&] {
    const auto now = target_status("bad");
    return now["queue"] == 0 && now["state"] == "ok";
  })) << target_status("bad");
  std::multiset<std::string> accepted;
  for (const auto& each : bad.attempts())
    if (each.verdict.accepted() && !each.verdict.repeat) accepted.insert(each.verdict.posted.msg_uuid);
  EXPECT_FALSE(accepted.empty());
  for (const auto& each : accepted) EXPECT_EQ(accepted.count(each), 1U);
}

}  // namespace dingtail::integration
