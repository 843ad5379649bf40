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

TEST(AlertJson, OfATimeWithoutPathLabelsIsRead) {
  auto data = alert_json({});
  const std::string labels = R"("labels":{},)";
  ASSERT_NE(data.find(labels), std::string::npos);
  data.erase(data.find(labels), labels.size());
  EXPECT_TRUE(parse_alert("r", "[]", data));
}

}  // namespace
}  // namespace dingtail::state
