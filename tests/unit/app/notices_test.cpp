// Which troubles become messages, when, and to whom. Time is a variable.
#include "app/notices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_text.h"

namespace dingtail::app {
namespace {

using base::Event;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kTargets = R"(
[[target]]
name = "group"
type = "dingtalk"
webhook = "https://robot.example/robot/send?access_token=x"
keywords = ["告警"]
language = "zh"
mention = { all = true }
[[target]]
name = "screen"
type = "console"
)";

class NoticesTest : public testing::Test {
 protected:
  void say(Event event, const std::string& subject, std::optional<std::string> detail) {
    notices_.hear({{event, subject, std::move(detail)}}, now_);
  }
  void pass(base::Millis time) {
    now_.mono += time;
    now_.wall += time;
  }
  // What the screen shows by now.
  std::vector<std::string> shown() {
    std::vector<std::string> out;
    for (auto& message : notices_.tick(config_, redaction_, now_))
      if (message.target == "screen") out.push_back(message.message.plain);
    return out;
  }
  std::vector<std::string> shown_after(base::Millis time) {
    pass(time);
    return shown();
  }

  config::Config config_ = test::rules_of(kTargets);
  match::Redaction redaction_;
  base::Now now_{base::Mono{hours(100)}, base::from_unix_ms(1'763'692'262'000)};
  Notices notices_;
};

TEST_F(NoticesTest, TroublesOfTwoSecondsAreOneMessage) {
  say(Event::kFileUnreadable, "/a", "Permission denied");
  EXPECT_EQ(notices_.next_deadline(), now_.mono + seconds(2));
  EXPECT_THAT(shown_after(seconds(1)), IsEmpty());
  say(Event::kFileUnreadable, "/b", "Permission denied");
  say(Event::kStateFailed, "", "disk full");
  const auto messages = shown_after(seconds(1));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(messages[0], AllOf(HasSubstr("file cannot be read ×2 · state cannot be written"),
                                 HasSubstr("/a"), HasSubstr("/b"), HasSubstr("disk full")));
  EXPECT_FALSE(notices_.next_deadline());
}

TEST_F(NoticesTest, EachAgentTargetHearsInItsLanguageWithItsKeywordAndNobodyIsMentioned) {
  say(Event::kFileUnreadable, "/a", "Permission denied");
  pass(seconds(2));
  const auto messages = notices_.tick(config_, redaction_, now_);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].target, "group");
  EXPECT_EQ(messages[0].type, config::TargetType::kDingtalk);
  EXPECT_THAT(messages[0].message.text, AllOf(HasSubstr("文件无法读取"), HasSubstr("告警")));
  EXPECT_THAT(messages[0].message.text, Not(HasSubstr("@")));
  EXPECT_FALSE(messages[0].message.at.all);
  EXPECT_EQ(messages[1].target, "screen");
  EXPECT_EQ(messages[1].type, config::TargetType::kConsole);
}

TEST_F(NoticesTest, TellNothingThatIsKeptOutOfAlerts) {
  config::Problems problems;
  redaction_ = match::Redaction::compile(
      test::rules_of("[[redact]]\npreset=['cn-mobile']\n[[redact]]\npattern='screen'\nreplace='x'\n").redacts,
      problems);
  say(Event::kFileUnreadable, "/data/13800000000/a.log", "13900000000: Permission denied");
  say(Event::kTargetHeld, "screen", "13900000000");
  pass(seconds(2));
  const auto messages = notices_.tick(config_, redaction_, now_);
  ASSERT_EQ(messages.size(), 2U);
  for (const auto& each : messages)
    EXPECT_THAT(each.message.text + each.message.plain + each.line.text,
                AllOf(HasSubstr("/a.log"), HasSubstr("Permission denied"), Not(HasSubstr("13800000000")),
                      Not(HasSubstr("13900000000"))));
  EXPECT_THAT(messages[1].message.plain, Not(HasSubstr("target-held"))) << "its own, known by its own name";
}

TEST_F(NoticesTest, NobodyHearsWhereNobodyIsToHear) {
  config_.agent_targets.emplace();
  say(Event::kFileUnreadable, "/a", "Permission denied");
  pass(seconds(2));
  EXPECT_THAT(notices_.tick(config_, redaction_, now_), IsEmpty());
  EXPECT_FALSE(notices_.next_deadline());
}

TEST_F(NoticesTest, ACauseIsToldOnceAnHourAndThenWithWhatCameSince) {
  say(Event::kReloadRefused, "", "a.toml:1:1: error: first");
  EXPECT_EQ(shown_after(seconds(2)).size(), 1U);
  pass(minutes(10));
  say(Event::kReloadRefused, "", "a.toml:1:1: error: second");
  pass(minutes(10));
  say(Event::kReloadRefused, "", "a.toml:1:1: error: third");
  EXPECT_THAT(shown_after(minutes(39)), IsEmpty());
  const auto messages = shown_after(minutes(1) + seconds(2));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(messages[0], AllOf(HasSubstr("second"), HasSubstr("third"), Not(HasSubstr("first"))));
}

TEST_F(NoticesTest, AnotherCauseIsToldWithinTheHour) {
  say(Event::kFileUnreadable, "/a", "Permission denied");
  EXPECT_EQ(shown_after(seconds(2)).size(), 1U);
  pass(minutes(1));
  say(Event::kFileUnreadable, "/b", "Permission denied");
  const auto messages = shown_after(seconds(2));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(messages[0], AllOf(HasSubstr("/b"), Not(HasSubstr("/a"))));
}

TEST_F(NoticesTest, AreOneAMinuteAtTheMostAndTogetherTellEveryCause) {
  std::size_t messages = 0;
  std::string all;
  for (int i = 0; i < 60; ++i) {  // a new trouble every 5 s for 5 minutes
    say(Event::kWatchFailed, "/dir-" + std::to_string(i) + "-", "ENOSPC");
    for (const auto& text : shown_after(seconds(5))) {
      ++messages;
      all += text;
    }
  }
  EXPECT_EQ(messages, 5U);
  EXPECT_THAT(all, AllOf(HasSubstr("directory cannot be watched ×12"), HasSubstr("and 7 more")));
}

TEST_F(NoticesTest, ATroubleThatEndsBeforeItWasToldIsNotTold) {
  say(Event::kFileUnreadable, "/a", "Permission denied");
  say(Event::kFileUnreadable, "/a", std::nullopt);
  EXPECT_THAT(shown_after(seconds(2)), IsEmpty());
  EXPECT_FALSE(notices_.next_deadline());
}

TEST_F(NoticesTest, AReloadThatIsTakenEndsTheRefusalsThatWait) {
  say(Event::kReloadRefused, "", "a.toml:1:1: error: first");
  EXPECT_EQ(shown_after(seconds(2)).size(), 1U);
  say(Event::kReloadRefused, "", "a.toml:1:1: error: second");
  notices_.over(Event::kReloadRefused, "");
  EXPECT_THAT(shown_after(hours(2)), IsEmpty());
}

TEST_F(NoticesTest, ThatATargetIsHeldIsToldThroughTheOthers) {
  say(Event::kTargetHeld, "group", "sign not match");
  pass(seconds(2));
  const auto messages = notices_.tick(config_, redaction_, now_);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].target, "screen");
  EXPECT_THAT(messages[0].message.plain, HasSubstr("sign not match"));
}

TEST_F(NoticesTest, AHeldTargetStillGetsWhatElseThereIs) {
  say(Event::kTargetHeld, "group", "sign not match");
  say(Event::kFileUnreadable, "/a", "Permission denied");
  pass(seconds(2));
  const auto messages = notices_.tick(config_, redaction_, now_);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_THAT(messages[0].message.text, AllOf(HasSubstr("/a"), Not(HasSubstr("sign not match"))));
}

TEST_F(NoticesTest, LossesOfAFileAddTheirBytes) {
  notices_.hear(tail::Loss{"/a", 1000, "truncated", now_.wall}, now_);
  notices_.hear(tail::Loss{"/a", 234, "truncated", now_.wall}, now_);
  notices_.hear(tail::Loss{"/a", 1, "deleted", now_.wall}, now_);
  const auto messages = shown_after(seconds(2));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(messages[0], AllOf(HasSubstr("/a · 1,235 bytes\n    truncated\n    deleted")));
}

TEST_F(NoticesTest, LossesWithinTheHourAreSummedAndToldWhenItIsOver) {
  notices_.hear(tail::Loss{"/a", 1000, "truncated", now_.wall}, now_);
  EXPECT_EQ(shown_after(seconds(2)).size(), 1U);
  for (int i = 0; i < 30; ++i) {
    pass(minutes(1));
    notices_.hear(tail::Loss{"/a", 10, "truncated", now_.wall}, now_);
    EXPECT_THAT(shown(), IsEmpty());
  }
  const auto messages = shown_after(minutes(30) + seconds(2));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(messages[0], HasSubstr("/a · 300 bytes"));
}

TEST_F(NoticesTest, TheAgentsEndWaitsForNothing) {
  say(Event::kFileUnreadable, "/a", "Permission denied");
  EXPECT_EQ(notices_.flush(config_, redaction_, now_).size(), 2U);
  EXPECT_THAT(notices_.flush(config_, redaction_, now_), IsEmpty());
}

TEST_F(NoticesTest, ShowTheFirstDetailsAndCountTheRest) {
  for (int i = 0; i < 9; ++i) say(Event::kReloadRefused, "", "a.toml:" + std::to_string(i) + ":1: error: x");
  say(Event::kReloadRefused, "", "a.toml:0:1: error: x");  // again
  const auto messages = shown_after(seconds(2));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_THAT(messages[0], HasSubstr("a.toml:4:1: error: x\n    and 4 more"));
}

}  // namespace
}  // namespace dingtail::app
