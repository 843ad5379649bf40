// The counts of an alert's messages add up to its hits. The oracle is what the test wrote.
#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "integration/host.h"
#include "unit/format/parsed.h"

namespace dingtail::integration {
namespace {

using Counting = Host;

TEST_F(Counting, AThresholdIsMetWithinItsKeyAlone) {
  configure(rule(
      "r", "match = 'denied (?P<src>\\S+)'\ngroup_by = [\"src\"]\nwhen = { count = 3, within = \"10m\" }"));
  start();
  append("denied alpha\ndenied beta\ndenied alpha\ndenied beta\ndenied alpha\n");
  ASSERT_TRUE(group().wait_for(1));
  append("denied beta\n");
  ASSERT_TRUE(group().wait_for(2));
  const auto messages = group().messages();
  EXPECT_NE(messages.at(0).verdict.posted.text.find("alpha"), std::string::npos);
  EXPECT_NE(messages.at(1).verdict.posted.text.find("beta"), std::string::npos);
  EXPECT_EQ(hits_in(messages.at(0)), 3U);
  EXPECT_EQ(hits_in(messages.at(1)), 3U);
}

TEST_F(Counting, HitsOfOneGroupWaitAreOneMessage) {
  configure(rule("r", "match = 'boom'") +
            "[[rule]]\nname = \"slow\"\nmatch = 'thud'\nsummary = \"${count} hits\"\n"
            "group_wait = \"1s\"\n");
  start();
  append(numbered("thud", 7));
  ASSERT_TRUE(group().wait_for(1));
  EXPECT_EQ(hits_in(group().messages().front()), 7U);
}

TEST_F(Counting, AnAlertThatGoesOnRepeatsWithTheHitsSince) {
  configure(
      "[[rule]]\nname = \"r\"\nmatch = 'boom'\nsummary = \"${count} hits\"\ngroup_wait = \"0s\"\n"
      "repeat_interval = \"1s\"\n");
  start();
  const auto begin = std::chrono::steady_clock::now();
  append("boom\n");
  ASSERT_TRUE(group().wait_for(1));
  append(numbered("boom", 4));
  ASSERT_TRUE(group().wait_for(2));
  const auto messages = group().messages();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(hits_in(messages.at(0)), 1U);
  EXPECT_EQ(hits_in(messages.at(1)), 4U);
  EXPECT_GE(group().arrival(1) - begin, std::chrono::seconds(1));
  EXPECT_NE(messages.at(1).verdict.posted.text.find("5 hits in total"), std::string::npos);
}

TEST_F(Counting, AnAlertIsResolvedAfterItsSilence) {
  configure(rule("r", "match = 'boom'\nresolve_after = \"1s\""));
  start();
  append("boom\n");
  ASSERT_TRUE(group().wait_for(2));
  const auto messages = group().messages();
  EXPECT_NE(messages.at(1).verdict.posted.text.find("RESOLVED"), std::string::npos);
}

TEST_F(Counting, MessagesOfAStormAddUpToItsLines) {
  constexpr int kLines = 5000;
  configure(rule("r", "match = 'boom'"));
  start();
  for (int from = 1; from <= kLines; from += 250) append(numbered("noise\nboom", 250, from));
  EXPECT_TRUE(group().wait_for([](const Messages& messages) { return hits_in(messages) >= kLines; }));
  stop();
  EXPECT_EQ(hits_in(group().messages()), static_cast<std::uint64_t>(kLines));
}

TEST_F(Counting, AStormOverManyKeysAddsUpForEach) {
  constexpr int kLines = 5000;
  constexpr int kKeys = 8;
  configure(rule("r", "match = 'boom .*key=(?P<key>\\d+)'\ngroup_by = [\"key\"]", "key"));
  start();
  std::string lines;
  for (int i = 0; i < kLines; ++i)
    lines += "boom " + std::to_string(i) + " key=" + std::to_string(i % kKeys) + "\n";
  append(lines);
  EXPECT_TRUE(group().wait_for([](const Messages& messages) { return hits_in(messages) >= kLines; }));
  std::map<std::string, std::uint64_t> by_key;
  for (const auto& alert : alerts_in(group().messages())) by_key[alert.key] += alert.hits;
  EXPECT_EQ(by_key.size(), static_cast<std::size_t>(kKeys));
  for (const auto& [key, hits] : by_key) EXPECT_EQ(hits, static_cast<std::uint64_t>(kLines / kKeys)) << key;
}

TEST_F(Counting, ThePatternThatMatchesTwiceCountsOnceARecord) {
  configure(rule("r", "match = ['boom', 'oom']\nexclude = ['drill']"));
  start();
  append("boom and oom\nboom in a drill\noom\n");
  EXPECT_TRUE(group().wait_for([](const Messages& messages) { return hits_in(messages) >= 2; }));
  stop();
  EXPECT_EQ(hits_in(group().messages()), 2U);
}

}  // namespace
}  // namespace dingtail::integration
