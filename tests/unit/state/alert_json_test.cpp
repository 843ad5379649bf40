#include "state/alert_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dingtail::state {
namespace {

TEST(AlertJson, KeepsTheLastHit) {
  alert::AlertState state;
  state.last_hit.source = "web";
  state.last_hit.path = "/srv/tea/a.log";
  state.last_hit.record = "x";
  state.last_hit.fields = {{"user", "root"}};
  state.last_hit.labels = {{"site", "tea"}};
  const auto back = parse_alert("r", "[]", alert_json(state));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->last_hit.source, "web");
  EXPECT_EQ(back->last_hit.path, "/srv/tea/a.log");
  EXPECT_EQ(back->last_hit.record, "x");
  EXPECT_EQ(back->last_hit.fields, state.last_hit.fields);
  EXPECT_EQ(back->last_hit.labels, state.last_hit.labels);
}

TEST(AlertJson, KeepsTheSeverityAndTheTargets) {
  alert::AlertState state;
  for (const auto severity : config::kSeverities) {
    state.severity = severity;
    EXPECT_EQ(parse_alert("r", "[]", alert_json(state))->severity, severity);
  }
  const std::vector<std::string> two = {"ops", "dba"};
  for (const auto& targets : {std::optional(two), std::optional(std::vector<std::string>{}), {}}) {
    state.targets = targets;
    EXPECT_EQ(parse_alert("r", "[]", alert_json(state))->targets, targets);
  }
}

TEST(AlertJson, OfATimeWithoutSeverityAndTargetsIsAWarningToTheDefaultTargets) {
  auto data = alert_json({});
  const std::string more = R"(,"severity":"warning","since":0,"targets":null)";
  ASSERT_NE(data.find(more), std::string::npos) << data;
  data.replace(data.find(more), more.size(), R"(,"since":0)");
  const auto back = parse_alert("r", "[]", data);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->severity, config::Severity::kWarning);
  EXPECT_EQ(back->targets, std::nullopt);
}

TEST(AlertJson, OfATimeWithoutPathLabelsIsRead) {
  auto data = alert_json({});
  const std::string labels = R"("labels":{},)";
  ASSERT_NE(data.find(labels), std::string::npos);
  data.erase(data.find(labels), labels.size());
  EXPECT_TRUE(parse_alert("r", "[]", data));
}

}  // namespace
}  // namespace dingtail::state
