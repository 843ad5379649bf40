#include "alert/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dingtail::alert {
namespace {

using namespace std::chrono_literals;
using config::EventKind;
using testing::ElementsAre;

constexpr base::Wall kMorning{1'700'000'000s};

Report report(EventKind event, std::uint64_t count, base::Wall first, base::Wall last) {
  Report out;
  out.event = event;
  out.count = count;
  out.first = first;
  out.last = last;
  return out;
}

TEST(AddSample, CountsEqualRecordsAndTakesNewOnesWhileThereIsRoom) {
  std::vector<Sample> samples;
  for (const auto* record : {"a", "b", "a", "c", "b"}) add_sample(samples, record, 2);
  add_sample(samples, "a", 2, 10);
  EXPECT_THAT(samples, ElementsAre(Sample{"a", 12}, Sample{"b", 2}));
}

TEST(JoinedReports, TellTheHitsOfBothFromTheFirstToTheLast) {
  const auto both = joined(report(EventKind::kFiring, 3, kMorning, kMorning + 5s),
                           report(EventKind::kRepeat, 4, kMorning + 60s, kMorning + 90s), 3);
  EXPECT_EQ(both.count, 7U);
  EXPECT_EQ(both.first, kMorning);
  EXPECT_EQ(both.last, kMorning + 90s);
}

TEST(JoinedReports, KeepToTheTruthWhereTheClockWasSetBack) {
  const auto both = joined(report(EventKind::kRepeat, 1, kMorning, kMorning + 60s),
                           report(EventKind::kRepeat, 1, kMorning - 1h, kMorning - 30min), 3);
  EXPECT_EQ(both.first, kMorning - 1h);
  EXPECT_EQ(both.last, kMorning + 60s);
}

TEST(JoinedReports, AreFiringUntilThatWasTold) {
  const auto one = [](EventKind event) { return report(event, 1, kMorning, kMorning); };
  EXPECT_EQ(joined(one(EventKind::kFiring), one(EventKind::kRepeat), 3).event, EventKind::kFiring);
  EXPECT_EQ(joined(one(EventKind::kRepeat), one(EventKind::kRepeat), 3).event, EventKind::kRepeat);
}

TEST(JoinedReports, ShowTheEarlierSamplesFirstAndNoMoreThanTheRuleAllows) {
  auto earlier = report(EventKind::kFiring, 4, kMorning, kMorning);
  earlier.samples = {{"a", 3}, {"b", 1}};
  auto later = report(EventKind::kRepeat, 7, kMorning, kMorning);
  later.samples = {{"c", 2}, {"a", 4}, {"d", 1}};
  EXPECT_THAT(joined(earlier, later, 3).samples, ElementsAre(Sample{"a", 7}, Sample{"b", 1}, Sample{"c", 2}));
}

TEST(JoinedReports, SayAllElseAsTheLaterOne) {
  auto earlier = report(EventKind::kFiring, 1, kMorning, kMorning);
  auto later = report(EventKind::kRepeat, 1, kMorning, kMorning);
  later.id = "id";
  later.total = 9;
  later.labels = {{"host", "h"}};
  later.last_hit.record = "the last";
  const auto both = joined(earlier, later, 3);
  EXPECT_EQ(both.id, "id");
  EXPECT_EQ(both.total, 9U);
  EXPECT_EQ(both.labels, later.labels);
  EXPECT_EQ(both.last_hit.record, "the last");
}

}  // namespace
}  // namespace dingtail::alert
