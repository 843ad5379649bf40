#include "alert/route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_text.h"

namespace dingtail::alert {
namespace {

using config::EventKind;
using testing::ElementsAre;

constexpr const char* kTargets =
    "[[target]]\nname='a'\ntype='console'\nmention={mobiles=['13800000001']}\n"
    "[[target]]\nname='b'\ntype='console'\nevents=['firing']\n";

std::vector<std::string> routes(const std::string& text, EventKind event, std::uint64_t count = 1,
                                std::uint64_t total = 1) {
  const auto config = test::rules_of(text);
  Report report;
  report.event = event;
  report.count = count;
  report.total = total;
  std::vector<std::string> out;
  for (const auto& routed : route(report, config.rules.at(0), config)) {
    std::string mobiles;
    for (const auto& mobile : routed.mention.mobiles) mobiles += " @" + mobile;
    out.push_back(routed.target->name + " " + std::string(name_of(routed.event)) + mobiles);
  }
  return out;
}

std::string with(const std::string& top, const std::string& rule) {
  return top + kTargets + "[[rule]]\nname='r'\nmatch='x'\n" + rule;
}

TEST(Route, TheRulesTargetsElseTheDefaultOnesElseAll) {
  EXPECT_THAT(routes(with("", ""), EventKind::kFiring), ElementsAre("a firing @13800000001", "b firing"));
  EXPECT_THAT(routes(with("default_targets=['b']\n", ""), EventKind::kFiring), ElementsAre("b firing"));
  EXPECT_THAT(routes(with("default_targets=['b']\n", "targets=['a']\n"), EventKind::kFiring),
              ElementsAre("a firing @13800000001"));
}

TEST(Route, AnEmptyListOfTargetsSendsNothing) {
  EXPECT_TRUE(routes(with("default_targets=['b']\n", "targets=[]\n"), EventKind::kFiring).empty());
}

TEST(Route, TheRulesMentionIsNearerThanTheTargetsAndNoneAdds) {
  EXPECT_THAT(routes(with("", "mention={mobiles=['13900000002']}\ntargets=['a']\n"), EventKind::kFiring),
              ElementsAre("a firing @13900000002"));
}

TEST(Route, ATargetThatTakesNoResolvedGetsTheUnreportedHitsAsFiring) {
  EXPECT_THAT(routes(with("", ""), EventKind::kResolved, 3, 5),
              ElementsAre("a resolved @13800000001", "b repeat"));
  EXPECT_THAT(routes(with("", ""), EventKind::kResolved, 5, 5),
              ElementsAre("a resolved @13800000001", "b firing"));
  EXPECT_THAT(routes(with("", ""), EventKind::kResolved, 0, 5), ElementsAre("a resolved @13800000001"));
}

}  // namespace
}  // namespace dingtail::alert
