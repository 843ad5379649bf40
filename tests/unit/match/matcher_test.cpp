#include "match/matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "support/load_text.h"

// Counts allocations, to show that a miss makes none.
namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace dingtail::match {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class MatcherTest : public testing::Test {
 protected:
  void rules(const std::string& text) {
    config = test::rules_of(text);
    config::Problems found;
    matcher.emplace(Matcher::compile(config.rules, found));
    problems = test::brief(found);
  }

  // "rule: record" of each hit.
  std::vector<std::string> match(const std::string& bytes, const std::string& source = "s") {
    std::vector<std::string> out;
    hits.clear();
    matcher->match({bytes, "/f", source}, [&](Hit hit) {
      out.push_back(config.rules[hit.rule].name + ": " + hit.record);
      hits.push_back(std::move(hit));
    });
    return out;
  }

  config::Config config;
  std::optional<Matcher> matcher;
  std::vector<std::string> problems;
  std::vector<Hit> hits;
};

TEST_F(MatcherTest, EachRuleOncePerRecordInOrder) {
  rules("[[rule]]\nname='a'\nmatch=['x','xy','y']\n[[rule]]\nname='b'\nmatch='y'\n");
  EXPECT_THAT(match("xy\nno\ny\n"), ElementsAre("a: xy", "b: xy", "a: y", "b: y"));
}

TEST_F(MatcherTest, CapturesComeFromTheFirstAlternativeThatMatches) {
  rules("[[rule]]\nname='a'\nmatch=['k=(?P<k>\\w+)(?: u=(?P<u>\\w+))?','q']\n");
  match("k=v\n");
  EXPECT_THAT(hits.at(0).fields, ElementsAre(Pair("k", "v"))) << "a group that took no part is absent";
  match("k=v u=w\n");
  EXPECT_THAT(hits.at(0).fields, ElementsAre(Pair("k", "v"), Pair("u", "w")));
  EXPECT_THAT(matcher->captures(0), ElementsAre("k", "u"));
}

TEST_F(MatcherTest, ExcludedRecordsAndOtherSourcesAreNoHits) {
  rules("[[rule]]\nname='a'\nmatch='fail'\nexclude=['test','10\\.']\nsources=['auth']\n");
  EXPECT_THAT(match("fail\nfail test\nfail 10.0.0.1\n", "auth"), ElementsAre("a: fail"));
  EXPECT_THAT(match("fail\n", "nginx"), IsEmpty());
}

TEST_F(MatcherTest, AnchorsAreTheRecordsEndsAndCarriageReturnsAreNotPartOfIt) {
  rules("[[rule]]\nname='a'\nmatch='^whole line$'\n");
  EXPECT_THAT(match("whole line\r\nnot a whole line\nwhole line\n"),
              ElementsAre("a: whole line", "a: whole line"));
}

TEST_F(MatcherTest, ADotMatchesTheReplacementForAnInvalidByte) {
  rules("[[rule]]\nname='a'\nmatch='user .+ failed'\n");
  EXPECT_THAT(match("user \xEF\xBF\xBD failed\n"), ElementsAre("a: user \xEF\xBF\xBD failed"));
}

TEST_F(MatcherTest, ARecordOfSeveralLinesIsMatchedAsOneText) {
  rules("[[rule]]\nname='a'\nmatch='^one(?s:.)two$'\n[[rule]]\nname='b'\nmatch='^two$'\n");
  std::vector<std::string> records;
  matcher->match({"one\ntwo", "/f", "s", tail::Block::Holds::kRecord},
                 [&](const Hit& hit) { records.push_back(std::to_string(hit.rule) + ": " + hit.record); });
  EXPECT_THAT(records, ElementsAre("0: one\ntwo"));
}

TEST_F(MatcherTest, NulBytesAreOrdinary) {
  rules("[[rule]]\nname='a'\nmatch='err'\n");
  EXPECT_EQ(match(std::string("a\0err\0b\n", 8)).size(), 1U);
}

TEST_F(MatcherTest, UnicodeFoldsAsRe2Does) {
  rules("[[rule]]\nname='a'\nmatch='(?i)kill'\n");
  EXPECT_EQ(match("\xE2\x84\xAAill\n").size(), 1U) << "the Kelvin sign folds to k";
}

TEST_F(MatcherTest, ALastRecordWithoutNewlineCounts) {
  rules("[[rule]]\nname='a'\nmatch='x'\n");
  EXPECT_THAT(match("x\nax"), ElementsAre("a: x", "a: ax"));
}

TEST_F(MatcherTest, BadAndCostlyPatternsAreProblemsAtTheirPlaceAndTheOthersWork) {
  rules("[[rule]]\nname='a'\nmatch=['a(b', 'ok', '(?=x)']\n[[rule]]\nname='b'\nmatch='((a{100}){100}){9}'\n");
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_THAT(problems[0], testing::StartsWith("3:8: error: bad pattern: missing )"));
  EXPECT_THAT(problems[1], testing::StartsWith("3:21: error: bad pattern: invalid perl operator"));
  EXPECT_THAT(problems[2], testing::StartsWith("6:7: error: "));
  EXPECT_THAT(match("ok\n"), ElementsAre("a: ok"));
}

TEST_F(MatcherTest, AThousandRulesFindWhatOneByOneMatchingFinds) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "[[rule]]\nname='r" + std::to_string(i) + "'\nmatch='(?i)err.*m" + std::to_string(i) +
            "\\b.*failed'\n";
  rules(text);
  EXPECT_THAT(match("ERR in m7 has Failed\nerr m999 failed\nerr m1000 failed\n"),
              ElementsAre("r7: ERR in m7 has Failed", "r999: err m999 failed"));
}

TEST_F(MatcherTest, AMissAllocatesNothing) {
  rules("[[rule]]\nname='a'\nmatch='needle (?P<n>\\d+)'\n[[rule]]\nname='b'\nmatch='other$'\n");
  std::string hay;
  for (int i = 0; i < 1000; ++i) hay += "an ordinary line of a log, number " + std::to_string(i) + "\n";
  match(hay);  // RE2's automaton grows once
  const Matcher::OnHit none = [](const Hit&) {};
  const tail::Block block{hay, "/f", "s"};
  const auto before = allocations.load();
  matcher->match(block, none);
  EXPECT_EQ(allocations.load() - before, 0U);
}

}  // namespace
}  // namespace dingtail::match
