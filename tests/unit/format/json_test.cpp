#include "format/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace dingtail::format {
namespace {

TEST(BodyJson, IsDingTalksMarkdownMessage) {
  const Message message{.title = "[严重] \"x\"",
                        .text = "#### a\\b\n\n@13800000000 @u1",
                        .plain = "not sent",
                        .at = {{"13800000000", "+852-12345678"}, {"u1"}, false}};
  EXPECT_EQ(
      body_json(message, "id-1"),
      R"({"msgtype":"markdown","markdown":{"title":"[严重] \"x\"","text":"#### a\\b\n\n@13800000000 @u1"},)"
      R"("at":{"atMobiles":["13800000000","+852-12345678"],"atUserIds":["u1"],"isAtAll":false},)"
      R"("msgUuid":"id-1"})");
}

TEST(BodyJson, HasAnEmptyAtWhereNobodyIsCalled) {
  const auto at = nlohmann::json::parse(body_json({"t", "x", "", {}}, "id")).at("at");
  EXPECT_EQ(at.dump(), R"({"atMobiles":[],"atUserIds":[],"isAtAll":false})");
}

TEST(BodyJson, CallsAll) {
  EXPECT_EQ(nlohmann::json::parse(body_json({"t", "x", "", {{}, {}, true}}, "id")).at("at").at("isAtAll"),
            true);
}

TEST(BodyJson, ReplacesWhatIsNotUtf8) {
  const std::string body =
      body_json({"t\xFF", std::string("x\0\x01\xC3", 4), "", {{"\x80"}, {}, false}}, "\xFE");
  EXPECT_TRUE(base::is_utf8(body));
  const auto parsed = nlohmann::json::parse(body);
  EXPECT_EQ(parsed.at("markdown").at("title"), "t\xEF\xBF\xBD");
  EXPECT_EQ(parsed.at("markdown").at("text"), std::string("x\0\x01\xEF\xBF\xBD", 6));
}

TEST(WithKeyword, AddsTheFirstKeywordWhereNoneIsThereUnderANewId) {
  const auto body = body_json({"title", "text", "plain", {{"13800000000"}, {}, false}}, "old");
  const auto mended = with_keyword(body, {"告警", "alarm"}, "new");
  ASSERT_TRUE(mended);
  const auto json = nlohmann::json::parse(*mended);
  EXPECT_EQ(json["markdown"]["text"], "text\n\n告警");
  EXPECT_EQ(json["markdown"]["title"], "title");
  EXPECT_EQ(json["msgUuid"], "new");
  EXPECT_EQ(json["at"]["atMobiles"][0], "13800000000");
}

TEST(WithKeyword, LeavesAMessageThatHoldsOneAndABodyThatIsNone) {
  const auto body = body_json({"an alarm", "text", "plain", {}}, "old");
  EXPECT_FALSE(with_keyword(body, {"告警", "alarm"}, "new"));
  EXPECT_FALSE(with_keyword(body, {}, "new"));
  EXPECT_FALSE(with_keyword("not json", {"x"}, "new"));
}

TEST(ReportJson, IsReadBackAsItWas) {
  alert::Report report;
  report.event = config::EventKind::kRepeat;
  report.count = 18'446'744'073'709'551'615U;
  report.first = base::from_unix_ms(1'700'000'000'123);
  report.last = base::from_unix_ms(1'700'000'060'456);
  report.samples = {{"数据库 \"x\"\n\tat y", 3}, {std::string("\0", 1), 1}};
  const auto read = parse_report(report_json(report));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->event, report.event);
  EXPECT_EQ(read->count, report.count);
  EXPECT_EQ(read->first, report.first);
  EXPECT_EQ(read->last, report.last);
  EXPECT_EQ(read->samples, report.samples);
}

TEST(ReportJson, OtherTextIsNoReport) {
  for (const auto* text : {"", "{", "[]", "null", R"({"event":"firing"})",
                           R"({"count":1,"event":"exploded","first":1,"last":1,"samples":[]})",
                           R"({"count":"1","event":"firing","first":1,"last":1,"samples":[]})",
                           R"({"count":1,"event":"firing","first":1,"last":1,"samples":[["a"]]})"})
    EXPECT_FALSE(parse_report(text).has_value()) << text;
  EXPECT_TRUE(
      parse_report(R"({"count":1,"event":"firing","first":1,"last":1,"samples":[["a",1]]})").has_value());
}

}  // namespace
}  // namespace dingtail::format
