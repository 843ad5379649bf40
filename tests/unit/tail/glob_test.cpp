#include "tail/glob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "support/temp_dir.h"

namespace dingtail::tail {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST(Braces, AreExpandedWithNesting) {
  EXPECT_THAT(expand_braces("/a/b"), ElementsAre("/a/b"));
  EXPECT_THAT(expand_braces("/{a,b}.log"), ElementsAre("/a.log", "/b.log"));
  EXPECT_THAT(expand_braces("/{a,b{1,2}}/{x,y}"),
              ElementsAre("/a/x", "/a/y", "/b1/x", "/b1/y", "/b2/x", "/b2/y"));
  EXPECT_THAT(expand_braces("/{open"), ElementsAre("/{open"));
}

TEST(RotatedName, NumbersCompressionAndDatesBehindTheExtension) {
  for (const auto* name : {"app.log.1", "app.log.12", "syslog.1", "app.log.old", "app.log.bak", "app.log.gz",
                           "app.log.2.gz", "a.zst", "a.xz", "a.bz2", "app.log-20261121", "app.log-2026-11-21",
                           "app.log.2026-11-21", "app.log-20261121.gz", "app.log-20261121-1761234567"})
    EXPECT_TRUE(is_rotated_name(name)) << name;
  for (const auto* name : {"app.log", "app-2026-11-21.log", "app.2026-11-21.log", "error.log", "syslog",
                           "mysql-8.log", ".1", "app.log-99999999", "log4j2.out"})
    EXPECT_FALSE(is_rotated_name(name)) << name;
}

class WalkTest : public testing::Test {
 protected:
  void look(const std::string& pattern) {
    files.clear();
    directories.clear();
    walk(dir / pattern, {[this](const std::string& path) { files.insert(relative(path)); },
                         [this](const std::string& path) { denied.insert(relative(path)); },
                         [] { FAIL() << "no descriptor"; },
                         [this](const std::string& path) { dangling.insert(relative(path)); },
                         [this](const std::string& path) { directories.insert(relative(path)); }});
  }
  std::string relative(const std::string& path) const {
    return path == dir.path() ? "." : path.substr(std::min(path.size(), dir.path().size() + 1));
  }

  test::TempDir dir;
  std::multiset<std::string> files;
  std::set<std::string> dangling;
  std::set<std::string> directories;
  std::set<std::string> denied;
};

TEST_F(WalkTest, ALinkToNothingIsNoFileButIsTold) {
  std::filesystem::create_symlink("missing", dir / "a.log");
  look("*.log");
  EXPECT_THAT(files, testing::IsEmpty());
  EXPECT_THAT(dangling, ElementsAre("a.log"));
}

TEST_F(WalkTest, FindsByWildcardInOneDirectory) {
  for (const auto* name : {"logs/a.log", "logs/b.log", "logs/b.log.1", "logs/.hidden.log", "logs/c.txt"})
    dir.write(name, "");
  look("logs/*.log*");
  EXPECT_THAT(files, UnorderedElementsAre("logs/a.log", "logs/b.log"));
  EXPECT_THAT(directories, UnorderedElementsAre("logs"));
}

TEST_F(WalkTest, ANameWithoutWildcardIsFollowedEvenIfItLooksRotated) {
  dir.write("app.log.1", "");
  look("app.log.1");
  EXPECT_THAT(files, UnorderedElementsAre("app.log.1"));
}

TEST_F(WalkTest, TwoStarsStandForAnyNumberOfDirectories) {
  for (const auto* name : {"n/error.log", "n/site/error.log", "n/site/deep/x-error.log", "n/site/access.log"})
    dir.write(name, "");
  look("n/**/*error*.log");
  EXPECT_THAT(files, UnorderedElementsAre("n/error.log", "n/site/error.log", "n/site/deep/x-error.log"));
  EXPECT_THAT(directories, UnorderedElementsAre("n", "n/site", "n/site/deep"));
}

TEST_F(WalkTest, TwoStarsDoNotFollowLinksInCircles) {
  dir.write("n/a.log", "");
  std::filesystem::create_directory_symlink(dir / "n", dir / "n/self");
  look("n/**/*.log");
  EXPECT_THAT(files, UnorderedElementsAre("n/a.log"));
}

TEST_F(WalkTest, WhatDoesNotExistYetIsToldByItsNearestDirectory) {
  look("not/yet/there.log");
  EXPECT_TRUE(files.empty());
  EXPECT_THAT(directories, UnorderedElementsAre("."));
}

TEST(MatchesPath, ExcludesByWholePathOrAnyPartWithStars) {
  EXPECT_TRUE(matches_path("*debug*", "/var/log/app-debug.log"));
  EXPECT_TRUE(matches_path("/var/log/{a,b}.log", "/var/log/b.log"));
  EXPECT_FALSE(matches_path("debug", "/var/log/app-debug.log"));
}

}  // namespace
}  // namespace dingtail::tail
