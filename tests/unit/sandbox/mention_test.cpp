#include "sandbox/mention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dingtail::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Posted markdown_saying(const std::string& text, At at = {}) {
  return {"markdown", "title", text, std::move(at), ""};
}

TEST(Mention, WithBothHalvesIsRight) {
  EXPECT_THAT(mention_faults(markdown_saying("disk full\n\n@13800000000 @manager1 @all",
                                             {{"13800000000"}, {"manager1"}, true})),
              IsEmpty());
  EXPECT_THAT(mention_faults(markdown_saying("disk full")), IsEmpty());
}

TEST(Mention, WithoutTheTokenInTheTextIsTold) {
  EXPECT_THAT(mention_faults(markdown_saying("disk full", {{"13800000000"}, {"manager1"}, false})),
              ElementsAre(HasSubstr("@13800000000 is in at but not in the text"),
                          HasSubstr("@manager1 is in at but not in the text")));
}

TEST(Mention, IsNotServedByALongerName) {
  EXPECT_THAT(mention_faults(markdown_saying("@manager12", {{}, {"manager1"}, false})),
              ElementsAre(HasSubstr("@manager1 is in at but not in the text")));
  EXPECT_THAT(mention_faults(markdown_saying("@manager12 @manager1", {{}, {"manager1"}, false})), IsEmpty());
}

TEST(Mention, WithTheTokenAloneIsTold) {
  EXPECT_THAT(mention_faults(markdown_saying("call @13900000000 now", {{"13800000000"}, {}, false})),
              ElementsAre(HasSubstr("@13800000000 is in at"), HasSubstr("@13900000000 is in the text")));
  EXPECT_THAT(mention_faults(markdown_saying("@+852-12345678")), ElementsAre(HasSubstr("@+852-12345678")));
}

TEST(Mention, OfAllByTheTokenAloneIsTold) {
  EXPECT_THAT(mention_faults(markdown_saying("@all look")), ElementsAre(HasSubstr("isAtAll")));
  EXPECT_THAT(mention_faults(markdown_saying("@所有人")), ElementsAre(HasSubstr("isAtAll")));
}

TEST(Mention, IsNotSeenInWhatOnlyLooksAlike) {
  EXPECT_THAT(mention_faults(markdown_saying("root@host user@allied.example @123 13800000000 @\xE2\x80\x8B"
                                             "13800000000 @\xE2\x80\x8B"
                                             "all")),
              IsEmpty());
}

TEST(Mention, OfATextMessageNeedsNoToken) {
  EXPECT_THAT(mention_faults({"text", "", "disk full", {{"13800000000"}, {"manager1"}, true}, ""}),
              IsEmpty());
}

TEST(Mention, OfAllInAnActionCardNeedsItsChineseToken) {
  EXPECT_THAT(mention_faults({"actionCard", "t", "look @all", {{}, {}, true}, ""}),
              ElementsAre(HasSubstr("@所有人")));
  EXPECT_THAT(mention_faults({"actionCard", "t", "look @所有人", {{}, {}, true}, ""}), IsEmpty());
}

TEST(Mention, IsNotPossibleInALink) {
  EXPECT_THAT(mention_faults({"link", "t", "@all", {{}, {}, true}, ""}),
              ElementsAre(HasSubstr("cannot mention")));
  EXPECT_THAT(mention_faults({"feedCard", "t", "x", {{"13800000000"}, {}, false}, ""}),
              ElementsAre(HasSubstr("cannot mention")));
}

TEST(Mention, OfMoreThanFiftyPeopleIsTold) {
  At at;
  std::string text;
  for (int i = 0; i < 50; ++i) {
    at.user_ids.push_back("u" + std::to_string(i));
    text += " @u" + std::to_string(i);
  }
  EXPECT_THAT(mention_faults(markdown_saying(text, at)), IsEmpty());
  at.mobiles.emplace_back("13800000000");
  EXPECT_THAT(mention_faults(markdown_saying(text + " @13800000000", at)),
              ElementsAre(HasSubstr("51 people")));
}

}  // namespace
}  // namespace dingtail::sandbox
