#include "sandbox/posted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sandbox/requests.h"

namespace dingtail::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

int errcode_of(const std::string& body) {
  return Robot({}).receive(request(body), at(0)).errcode;
}

struct Fault {
  const char* name;
  const char* body;
  int errcode;
};
constexpr Fault kFaults[] = {
    {"Empty", "", 40035},
    {"NotJson", "disk full", 40035},
    {"WindowsPathUnescaped", R"({"msgtype":"text","text":{"content":"C:\Data"}})", 40035},
    {"CutShort", R"({"msgtype":"text","text":{"content":"x"})", 40035},
    {"TwoObjects", R"({"msgtype":"text","text":{"content":"x"}}{})", 40035},
    {"List", R"([{"msgtype":"text","text":{"content":"x"}}])", 40035},
    {"String", R"("text")", 40035},
    {"InvalidUtf8", "{\"msgtype\":\"text\",\"text\":{\"content\":\"\xC3\x28\"}}", 40035},
    {"OverlongUtf8", "{\"msgtype\":\"text\",\"text\":{\"content\":\"\xC0\xAF\"}}", 40035},
    {"Gb18030", "{\"msgtype\":\"text\",\"text\":{\"content\":\"\xB8\xE6\xBE\xAF\"}}", 40035},
    {"RawNewline", "{\"msgtype\":\"text\",\"text\":{\"content\":\"a\nb\"}}", 40035},
    {"NoType", R"({"text":{"content":"x"}})", 400105},
    {"TypeNotAString", R"({"msgtype":1,"text":{"content":"x"}})", 400105},
    {"UnknownType", R"({"msgtype":"image","image":{}})", 400105},
    {"TypeInOtherCase", R"({"msgtype":"Markdown","Markdown":{"title":"a","text":"b"}})", 400105},
    {"NoText", R"({"msgtype":"text"})", 400201},
    {"TextNotAnObject", R"({"msgtype":"text","text":"x"})", 400201},
    {"NoContent", R"({"msgtype":"text","text":{}})", 400201},
    {"EmptyContent", R"({"msgtype":"text","text":{"content":""}})", 400201},
    {"ContentNotAString", R"({"msgtype":"text","text":{"content":5}})", 400201},
    {"NoMarkdown", R"({"msgtype":"markdown","text":{"content":"x"}})", 400401},
    {"MarkdownNotAnObject", R"({"msgtype":"markdown","markdown":["a","b"]})", 400401},
    {"NoTitle", R"({"msgtype":"markdown","markdown":{"text":"b"}})", 400402},
    {"EmptyTitle", R"({"msgtype":"markdown","markdown":{"title":"","text":"b"}})", 400402},
    {"TitleNotAString", R"({"msgtype":"markdown","markdown":{"title":null,"text":"b"}})", 400402},
    {"NoMarkdownText", R"({"msgtype":"markdown","markdown":{"title":"a"}})", 400403},
    {"EmptyMarkdownText", R"({"msgtype":"markdown","markdown":{"title":"a","text":""}})", 400403},
    {"MarkdownTextNotAString", R"({"msgtype":"markdown","markdown":{"title":"a","text":["b"]}})", 400403},
    {"NoLinks", R"({"msgtype":"feedCard","feedCard":{}})", 400602},
    {"EmptyLinks", R"({"msgtype":"feedCard","feedCard":{"links":[]}})", 400602},
    {"LinkWithoutPicture",
     R"({"msgtype":"feedCard","feedCard":{"links":[{"title":"a","messageURL":"https://x"}]}})", 400602},
};

class FormFault : public testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(Posted, FormFault, testing::ValuesIn(kFaults),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(FormFault, IsRefusedWithItsCode) {
  EXPECT_EQ(errcode_of(GetParam().body), GetParam().errcode);
}

TEST(Posted, NamesTheParameterAtFault) {
  const auto reading = read_posted(R"({"msgtype":"markdown","markdown":{"title":"a"}})");
  EXPECT_EQ(reading.refusal->errmsg, "参数 markdown.text 缺失，或者参数格式不正确");
}

TEST(Posted, ReadsAMarkdownMessage) {
  const auto [is_json, posted, refusal, remarks] =
      read_posted(R"({"msgtype":"markdown","markdown":{"title":"告警","text":"#### a\n\nb"},"msgUuid":"u-1",)"
                  R"("at":{"atMobiles":["13800000000"],"atUserIds":["manager1"],"isAtAll":true}})");
  EXPECT_TRUE(is_json);
  EXPECT_FALSE(refusal);
  EXPECT_THAT(remarks, IsEmpty());
  EXPECT_EQ(posted.msgtype, "markdown");
  EXPECT_EQ(posted.title, "告警");
  EXPECT_EQ(posted.text, "#### a\n\nb");
  EXPECT_EQ(posted.msg_uuid, "u-1");
  EXPECT_THAT(posted.at.mobiles, ElementsAre("13800000000"));
  EXPECT_THAT(posted.at.user_ids, ElementsAre("manager1"));
  EXPECT_TRUE(posted.at.all);
}

TEST(Posted, TakesEveryTypeThatAWebhookTakes) {
  for (
      const char* body :
      {R"({"msgtype":"text","text":{"content":"x"}})",
       R"({"msgtype":"link","link":{"title":"a","text":"b","messageUrl":"https://x"}})",
       R"({"msgtype":"actionCard","actionCard":{"title":"a","text":"b","singleTitle":"c","singleURL":"https://x"}})",
       R"({"msgtype":"actionCard","actionCard":{"title":"a","text":"b","btns":[{"title":"c","actionURL":"https://x"}]}})",
       R"({"msgtype":"feedCard","feedCard":{"links":[{"title":"a","messageURL":"https://x","picURL":"https://y"}]}})"}) {
    const auto reading = read_posted(body);
    EXPECT_TRUE(reading.is_json && !reading.refusal) << body;
    EXPECT_THAT(reading.remarks, IsEmpty()) << body;
  }
}

TEST(Posted, OfATextIsItsContent) {
  EXPECT_EQ(read_posted(R"({"msgtype":"text","text":{"content":"x"}})").posted.text, "x");
}

TEST(Posted, FaultsWithoutACodeAreRemarkedAndAccepted) {
  for (const char* body : {R"({"msgtype":"link","link":{"title":"a","text":"b","messageURL":"https://x"}})",
                           R"({"msgtype":"link"})",
                           R"({"msgtype":"actionCard","actionCard":{"title":"a","text":"b","btns":[]}})",
                           R"({"msgtype":"text","text":{"content":"x"},"at":["13800000000"]})",
                           R"({"msgtype":"text","text":{"content":"x"},"at":{"atMobiles":"13800000000"}})",
                           R"({"msgtype":"text","text":{"content":"x"},"at":{"atMobiles":[13800000000]}})",
                           R"({"msgtype":"text","text":{"content":"x"},"at":{"atUserIds":[null]}})",
                           R"({"msgtype":"text","text":{"content":"x"},"at":{"isAtAll":"true"}})",
                           R"({"msgtype":"text","text":{"content":"x"},"msgUuid":7})"}) {
    const auto verdict = Robot({}).receive(request(body), at(0));
    EXPECT_EQ(verdict.errcode, 0) << body;
    EXPECT_FALSE(check_of(verdict, "schema")->passed) << body;
    EXPECT_NE(check_of(verdict, "schema")->detail, "") << body;
  }
}

TEST(Posted, MentionsNobodyThroughAWrongType) {
  const auto at = read_posted(R"({"msgtype":"text","text":{"content":"x"},)"
                              R"("at":{"atMobiles":["1",2],"atUserIds":{},"isAtAll":"true"}})")
                      .posted.at;
  EXPECT_THAT(at.mobiles, IsEmpty());
  EXPECT_THAT(at.user_ids, IsEmpty());
  EXPECT_FALSE(at.all);
}

TEST(Posted, SurvivesDeepNesting) {
  EXPECT_FALSE(read_posted(std::string(100'000, '[')).is_json);
  EXPECT_FALSE(read_posted(std::string(100'000, '[') + std::string(100'000, ']')).is_json);
}

}  // namespace
}  // namespace dingtail::sandbox
