#include "alert/group_by.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_text.h"

namespace dingtail::alert {
namespace {

using testing::ElementsAre;

TEST(GroupBy, MustNameACaptureOrALabel) {
  const auto config = test::rules_of(
      "[labels]\nenv='p'\n[[rule]]\nname='r'\nmatch='(?P<src>x)'\ngroup_by=['src','env','host','scr','zzzzz']"
      "\n");
  config::Problems problems;
  check_group_by(config, {{"src"}}, match::PathLabels::compile(config.sources, problems), problems);
  EXPECT_THAT(test::brief(problems),
              ElementsAre("6:30: error: `group_by`: rule \"r\" has no capture or label \"scr\"",
                          "6:36: error: `group_by`: rule \"r\" has no capture or label \"zzzzz\""));
  EXPECT_EQ(problems.sorted()[0].hint, "did you mean \"src\"?");
}

TEST(GroupBy, MayNameALabelOfThePathsOfTheRulesSources) {
  const auto config = test::rules_of(
      "[[source]]\nname='web'\npaths=['/x']\npath_labels='(?P<site>.)'\n"
      "[[source]]\nname='plain'\npaths=['/y']\n"
      "[[rule]]\nname='all'\nmatch='x'\ngroup_by='site'\n"
      "[[rule]]\nname='web'\nmatch='x'\nsources=['plain','web']\ngroup_by='site'\n"
      "[[rule]]\nname='plain'\nmatch='x'\nsources='plain'\ngroup_by='site'\n"
      "[[rule]]\nname='elsewhere'\nmatch='x'\nsources='other'\ngroup_by='site'\n");
  config::Problems problems;
  check_group_by(config, {{}, {}, {}, {}}, match::PathLabels::compile(config.sources, problems), problems);
  EXPECT_THAT(test::brief(problems),
              ElementsAre("21:10: error: `group_by`: rule \"plain\" has no capture or label \"site\"",
                          "26:10: warning: `group_by`: rule \"elsewhere\" has no capture or label \"site\""))
      << "a source that this host lacks may have it";
}

}  // namespace
}  // namespace dingtail::alert
