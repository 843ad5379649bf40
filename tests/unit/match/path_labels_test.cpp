#include "match/path_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/load_text.h"

namespace dingtail::match {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

PathLabels labels_of(const config::Config& config) {
  config::Problems problems;
  auto labels = PathLabels::compile(config.sources, problems);
  EXPECT_THAT(test::brief(problems), IsEmpty());
  return labels;
}

constexpr const char* kSources =
    "[[source]]\nname='nginx'\npaths=['/x']\n"
    "path_labels='^/var/log/nginx/(?P<site>[^/]+)/(?:(?P<kind>\\w+)-)?error'\n"
    "[[source]]\nname='app'\npaths=['/x']\npath_labels='(?P<app>\\w+)\\.log$'\n"
    "[[source]]\nname='plain'\npaths=['/x']\n";

TEST(PathLabels, AreTheNamedCapturesThatTookPart) {
  const auto labels = labels_of(test::rules_of(kSources));
  EXPECT_THAT(labels.of("nginx", "/var/log/nginx/shop.example/ssl-error.log"),
              ElementsAre(Pair("kind", "ssl"), Pair("site", "shop.example")));
  EXPECT_THAT(labels.of("nginx", "/var/log/nginx/shop.example/error.log"),
              ElementsAre(Pair("site", "shop.example")));
  EXPECT_THAT(labels.of("app", "/srv/pay.log"), ElementsAre(Pair("app", "pay")));
}

TEST(PathLabels, APathThatDoesNotMatchOrASourceWithoutAPatternHasNone) {
  const auto labels = labels_of(test::rules_of(kSources));
  EXPECT_THAT(labels.of("nginx", "/var/log/nginx/error.log"), IsEmpty());
  EXPECT_THAT(labels.of("plain", "/srv/pay.log"), IsEmpty());
  EXPECT_THAT(labels.of("unknown", "/srv/pay.log"), IsEmpty());
}

TEST(PathLabels, OfAPathThatIsNotUtf8AreUtf8) {
  const auto labels = labels_of(
      test::rules_of("[[source]]\nname='s'\npaths=['/x']\npath_labels='^/logs/(?P<site>[^/]+)/'\n"));
  EXPECT_THAT(labels.of("s", "/logs/\xB0\xA1z/a.log"),
              ElementsAre(Pair("site", "\xEF\xBF\xBD\xEF\xBF\xBDz")));
}

TEST(PathLabels, NamesAreThoseOfTheRulesSourcesAndUnknownWhereOneIsNotHere) {
  const auto config = test::rules_of(std::string(kSources) +
                                     "[[rule]]\nname='all'\nmatch='x'\n"
                                     "[[rule]]\nname='two'\nmatch='x'\nsources=['app','plain']\n"
                                     "[[rule]]\nname='none'\nmatch='x'\nsources='plain'\n"
                                     "[[rule]]\nname='elsewhere'\nmatch='x'\nsources=['app','other']\n");
  const auto labels = labels_of(config);
  EXPECT_THAT(labels.names(config.rules.at(0)).value(), ElementsAre("app", "kind", "site"));
  EXPECT_THAT(labels.names(config.rules.at(1)).value(), ElementsAre("app"));
  EXPECT_THAT(labels.names(config.rules.at(2)).value(), IsEmpty());
  EXPECT_EQ(labels.names(config.rules.at(3)), std::nullopt);
}

TEST(PathLabels, ABadPatternAndOneThatNamesNothingAreProblemsAtTheirPlace) {
  const auto config = test::rules_of(
      "[[source]]\nname='a'\npaths=['/x']\npath_labels='(?P<a>'\n"
      "[[source]]\nname='b'\npaths=['/x']\npath_labels='/([^/]+)/'\n");
  config::Problems problems;
  PathLabels::compile(config.sources, problems);
  EXPECT_THAT(test::brief(problems), ElementsAre(StartsWith("4:13: error: bad pattern: "),
                                                 "8:13: error: `path_labels` captures nothing by name"));
}

}  // namespace
}  // namespace dingtail::match
