// Who hears of the agent's own troubles.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"
#include "support/load_text.h"

namespace dingtail::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kTargets =
    "[[target]]\nname = 'a'\ntype = 'console'\n[[target]]\nname = 'b'\ntype = 'console'\n";

std::vector<std::string> hearing(const std::string& globals) {
  const test::TempDir dir;
  const auto loaded = test::load_text(dir, globals + kTargets);
  EXPECT_THAT(test::brief(loaded.problems), IsEmpty());
  std::vector<std::string> out;
  for (const auto* target : targets_of(loaded.config, loaded.config.agent_targets))
    out.push_back(target->name);
  return out;
}

TEST(AgentTargets, AreTheNamedOnesElseTheDefaultOnesElseAll) {
  EXPECT_THAT(hearing("agent_targets = ['b']\ndefault_targets = ['a']\n"), ElementsAre("b"));
  EXPECT_THAT(hearing("agent_targets = 'b'\n"), ElementsAre("b"));
  EXPECT_THAT(hearing("default_targets = ['a']\n"), ElementsAre("a"));
  EXPECT_THAT(hearing(""), ElementsAre("a", "b"));
}

TEST(AgentTargets, OfAnEmptyListAreNobody) {
  EXPECT_THAT(hearing("agent_targets = []\ndefault_targets = ['a']\n"), IsEmpty());
}

TEST(AgentTargets, OfAllFilesAreTold) {
  const test::TempDir dir;
  dir.write("more.toml", "agent_targets = ['b']\n");
  const auto loaded =
      test::load_text(dir, std::string("include = ['more.toml']\nagent_targets = ['a']\n") + kTargets);
  ASSERT_TRUE(loaded.config.agent_targets);
  EXPECT_EQ(targets_of(loaded.config, loaded.config.agent_targets).size(), 2U);
}

TEST(AgentTargets, ThatAreNotThereAreAnErrorAtTheirPlaceWithWhatMayBeMeant) {
  const test::TempDir dir;
  const auto loaded =
      test::load_text(dir, "agent_targets = ['opps']\n[[target]]\nname = 'ops'\ntype = 'console'\n");
  EXPECT_THAT(test::brief(loaded.problems),
              ElementsAre(StartsWith("1:18: error: there is no target \"opps\"")));
  EXPECT_EQ(loaded.problems.sorted().at(0).hint, "did you mean \"ops\"?");
}

TEST(AgentTargets, AreStrings) {
  const test::TempDir dir;
  const auto loaded = test::load_text(dir, std::string("agent_targets = 7\n") + kTargets);
  EXPECT_THAT(test::brief(loaded.problems), Contains(StartsWith("1:17: error: ")));
}

}  // namespace
}  // namespace dingtail::config
