#include "app/pipeline.h"

#include "world.h"

namespace dingtail::app {
namespace {

using testing::HasSubstr;
using testing::Not;

// A firing alert whose message waits, as another is on its way to each robot.
class PipelineTest : public testing::Test {
 protected:
  void wait_behind_another(const std::string& more = "") {
    world.emplace(rule("busy") + rule("one", more));
    world->read("busy x");
    world->pass(1s);
    world->commit();
    for (auto& attempt : world->attempts()) world->on_their_way[attempt.target] = attempt;
    world->read("one a");
    world->read("one a");
    world->pass(1s);
    ASSERT_EQ(world->on_their_way.size(), 2U);
    ASSERT_EQ(world->courier->status(world->now).at(1).queue, 2U);
  }

  std::string next(const std::string& target = "ops") {
    if (!std::exchange(passed_[target], true)) world->deliver_one(target);
    return world->deliver_one(target);
  }

  std::optional<World> world;

 private:
  std::map<std::string, bool> passed_;
};

TEST_F(PipelineTest, HitsThatComeWhileTheMessageWaitsAreToldInIt) {
  wait_behind_another();
  world->pass(10s);
  world->read("one a");
  world->pass(20s);
  world->read("one a");
  world->pass(20s);
  EXPECT_EQ(world->joined, 4U) << "twice for each target";
  const auto body = next();
  EXPECT_EQ(told(body).event, "firing");
  EXPECT_EQ(told(body).count, 4U);
  EXPECT_EQ(told(body).total, 4U);
  EXPECT_THAT(body, HasSubstr("one a ×4")) << "and the samples tell as many";
  EXPECT_THAT(body, HasSubstr("13800000000")) << "who is called at its beginning is called";
  EXPECT_EQ(world->deliver_one("ops"), "nothing was posted");
}

TEST_F(PipelineTest, AResolvedMessageStandsBesideTheFiringOneThatWaits) {
  wait_behind_another("resolve_after='5s'\n");
  world->read("one a");
  world->pass(5s);
  const auto firing = next();
  EXPECT_EQ(told(firing).event, "firing");
  EXPECT_EQ(told(firing).count, 2U);
  EXPECT_THAT(firing, HasSubstr("13800000000"));
  const auto resolved = world->deliver_one("ops");
  EXPECT_EQ(told(resolved).event, "resolved");
  EXPECT_EQ(told(resolved).count, 1U);
  EXPECT_EQ(told(resolved).total, 3U);
  EXPECT_THAT(resolved, Not(HasSubstr("13800000000")));
}

TEST_F(PipelineTest, ATargetThatTakesNoResolvedHearsTheLastHitsInTheMessageThatWaits) {
  wait_behind_another("resolve_after='5s'\n");
  world->read("one a");
  world->pass(5s);
  const auto body = next("dba");
  EXPECT_EQ(told(body).event, "firing");
  EXPECT_EQ(told(body).count, 3U);
  EXPECT_EQ(world->deliver_one("dba"), "nothing was posted");
}

TEST_F(PipelineTest, AMessageThatLeftTakesNothingMore) {
  wait_behind_another();
  EXPECT_EQ(told(next()).count, 2U);
  world->pass(10s);
  world->read("one a");
  world->pass(20s);
  const auto repeat = world->deliver_one("ops");
  EXPECT_EQ(told(repeat).event, "repeat");
  EXPECT_EQ(told(repeat).count, 1U);
}

TEST_F(PipelineTest, AMessageThatWaitedOverARestartTakesTheHitsAfterIt) {
  wait_behind_another();
  world->commit();
  world->start(rule("busy") + rule("one"), 2);
  world->pass(10s);
  world->read("one a");
  world->pass(20s);
  EXPECT_EQ(world->joined, 2U);
  const auto body = next();
  EXPECT_EQ(told(body).event, "firing");
  EXPECT_EQ(told(body).count, 3U);
}

TEST_F(PipelineTest, ARuleThatGoesAtAReloadLeavesItsLastHitsInTheMessageThatWaits) {
  wait_behind_another();
  world->read("one a");
  world->reload(rule("busy"));
  const auto body = next();
  EXPECT_EQ(told(body).count, 3U);
  EXPECT_EQ(told(body).rule, "one") << "in the words that it had";
}

TEST_F(PipelineTest, ARuleThatWentOverARestartLeavesTheMessageThatWaitsAsItWas) {
  wait_behind_another();
  world->read("one a");
  world->commit();
  world->start(rule("busy"), 2);
  EXPECT_EQ(told(next()).count, 2U);
  EXPECT_THAT(world->deliver_one("ops"), HasSubstr("one")) << "its last hit is told beside it";
}

// An alert that nobody was told of, for one target only.
const std::string kSecret = "targets=['dba']\nseverity='critical'\ngroup_wait='1m'\n";

TEST_F(PipelineTest, ARuleEditedOverARestartTellsItsLastHitsInItsOwnWordsToItsOwnTargets) {
  world.emplace(rule("one", kSecret));
  world->read("one a");
  world->commit();
  world->start(rule("one", kSecret + "labels={team='pay'}\nexclude='z'\n"), 2);
  const auto body = world->deliver_one("dba");
  EXPECT_EQ(told(body).rule, "one");
  EXPECT_EQ(told(body).key, "a");
  EXPECT_EQ(told(body).count, 1U);
  EXPECT_THAT(body, HasSubstr("CRITICAL"));
  EXPECT_THAT(body, HasSubstr("pay"));
  EXPECT_EQ(world->deliver_one("ops"), "nothing was posted");
}

TEST_F(PipelineTest, TheLastHitsOfARuleThatWentOverARestartAreToldAsSevereAsTheyWereToItsTargetsAlone) {
  world.emplace(rule("one", kSecret));
  world->read("one a");
  world->commit();
  world->start(rule("busy"), 2);
  const auto body = world->deliver_one("dba");
  EXPECT_THAT(body, HasSubstr("one a"));
  EXPECT_THAT(body, HasSubstr("CRITICAL"));
  EXPECT_EQ(world->deliver_one("ops"), "nothing was posted");
}

TEST_F(PipelineTest, AWaitingMessageSpeaksTheWordsOfAnEditedRule) {
  wait_behind_another();
  world->reload(rule("busy") + rule("one", "severity='critical'\n"));
  world->read("one a");
  world->pass(20s);
  const auto body = next();
  EXPECT_EQ(told(body).count, 3U);
  EXPECT_THAT(body, HasSubstr("CRITICAL"));
}

TEST_F(PipelineTest, AReportThatCannotBeReadBackIsLeftAlone) {
  wait_behind_another();
  world->commit();
  for (auto& [id, row] : world->stored_rows)
    if (!row.report.empty()) row.report = "{";
  world->start(rule("busy") + rule("one"), 2);
  world->pass(10s);
  world->read("one a");
  world->pass(20s);
  EXPECT_EQ(told(next()).count, 2U);
  EXPECT_EQ(told(world->deliver_one("ops")).count, 1U);
}

}  // namespace
}  // namespace dingtail::app
