#include "tail/siblings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>

#include "support/temp_dir.h"

namespace dingtail::tail {
namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 5;

// Rotated files that are shifted all the time, one way.
class ShiftedTest : public testing::Test {
 protected:
  ShiftedTest() {
    for (int i = 1; i <= kFiles; ++i) dir.write("a.log." + std::to_string(i), "1\n");
    shifting = std::jthread([this](const std::stop_token& stop) {
      for (int first = 1; !stop.stop_requested(); ++first)
        for (int i = first + kFiles; i > first; --i) fs::rename(name(i - 1), name(i));
    });
  }
  [[nodiscard]] std::string name(int i) const { return dir / ("a.log." + std::to_string(i)); }

  test::TempDir dir;
  std::jthread shifting;
};

// What is missing would be taken for lost, though it was read, or would be read again.
TEST_F(ShiftedTest, EachIsListedOrAnErrorIs) {
  int refused = 0;
  for (int listed = 0; listed < 200 || refused == 0;) {
    const auto there = siblings(dir / "a.log");
    refused += there ? 0 : 1;
    listed += there ? 1 : 0;
    ASSERT_EQ(there ? there->size() : std::size_t{kFiles}, std::size_t{kFiles});
  }
}

// What is missing would be older than the listing that the next run goes by, and never be read.
TEST_F(ShiftedTest, NoListingThatMissedOneIsWrittenDown) {
  int unwritten = 0;
  for (int written = 0; written < 200 || unwritten == 0;) {
    Siblings all;
    all.restore({{dir.path(), 0}});
    const auto found = all.look({dir.path()}, {});
    const bool is_written = all.has_changes();
    unwritten += is_written ? 0 : 1;
    written += is_written ? 1 : 0;
    if (is_written) {
      ASSERT_EQ(found.at(dir / "a.log").size(), std::size_t{kFiles});
    }
  }
}

TEST(SiblingsTest, ALinkIsNone) {
  const test::TempDir dir;
  dir.write("secret", "1\n");
  dir.write("a.log.2", "2\n");
  fs::create_symlink(dir / "secret", dir / "a.log.1");
  const auto there = siblings(dir / "a.log");
  ASSERT_TRUE(there);
  ASSERT_EQ(there->size(), 1U);
  EXPECT_EQ((*there)[0].path, dir / "a.log.2");
}

// What an earlier run had listed, in the time of the file system.
std::uint64_t now_of(const test::TempDir& dir) {
  dir.write("now", "");
  return stat_file(dir / "now")->modified;
}

TEST(SiblingsTest, OldFilesOfADirectoryThatWasAwayAtTheStartAreNoNews) {
  const test::TempDir dir;
  dir.write("mounted/a.log.1", "old\n");
  fs::create_directories(dir / "place");
  Siblings all;
  all.restore({{dir / "place", now_of(dir)}});
  EXPECT_TRUE(all.look({dir / "place"}, {}).empty());
  EXPECT_FALSE(all.has_changes()) << "what is known of it is the better mark";
  fs::remove(dir / "place");
  fs::rename(dir / "mounted", dir / "place");
  EXPECT_TRUE(all.look({dir / "place"}, {}).empty());
  dir.write("place/a.log.0", "new\n");
  EXPECT_EQ(all.look({dir / "place"}, {}).size(), 1U);
}

TEST(SiblingsTest, WhatCameSinceTheLookIsNotListed) {
  const test::TempDir dir;
  dir.write("a.log.2", "2\n");
  Siblings all;
  all.look({dir.path()}, {});
  dir.write("a.log.1", "1\n");
  const auto there = siblings(dir / "a.log");
  ASSERT_EQ(there->size(), 2U);
  EXPECT_FALSE(all.has_listed((*there)[0]));
  EXPECT_TRUE(all.has_listed((*there)[1]));
  EXPECT_EQ(all.look({dir.path()}, {}).size(), 1U);
  all.look({}, {});
  EXPECT_TRUE(all.has_listed((*there)[0])) << "where nobody looks, nothing is to be waited for";
}

// As FUSE may do: stat(2) gives another inode, and the listing does not.
TEST(SiblingsTest, WhatChangesItsIdentityUnderItsNameIsLookedAtAgain) {
  const test::TempDir dir;
  dir.write("a.log.1", "1\n");
  Siblings all;
  all.look({dir.path()}, {});
  all.take_changes();
  all.look({dir.path()}, {});
  EXPECT_FALSE(all.has_changes());
  auto other = (*siblings(dir / "a.log"))[0];
  other.info.id.inode += 1;
  EXPECT_FALSE(all.has_listed(other));
  all.look({dir.path()}, {});
  EXPECT_TRUE(all.has_changes());
}

// Where directories come and go, as those of pods, they must not pile up in memory and in the state.
class DeletedTest : public testing::Test {
 protected:
  DeletedTest() {
    dir.write("pod/a.log", "1\n");
    fs::create_directory_symlink(dir / "pod", dir / "link");
    all.look({dir / "pod", dir / "link"}, {});
    all.take_changes();
    fs::remove_all(dir / "pod");
  }

  test::TempDir dir;
  Siblings all;
  base::Mono start{std::chrono::hours(5)};
};

TEST_F(DeletedTest, IsForgottenAfterAnHour) {
  all.forget_deleted(start);
  all.forget_deleted(start + std::chrono::minutes(59));
  EXPECT_FALSE(all.has_changes());
  all.forget_deleted(start + std::chrono::hours(1));
  EXPECT_EQ(all.take_changes(), (ListedChanges{{dir / "pod", std::nullopt}})) << "a link may come back";
  all.forget_deleted(start + std::chrono::hours(9));
  EXPECT_FALSE(all.has_changes());
}

TEST_F(DeletedTest, IsKeptWhereItIsMadeAgain) {
  all.forget_deleted(start);
  dir.write("pod/a.log", "1\n");
  all.forget_deleted(start + std::chrono::minutes(59));
  fs::remove_all(dir / "pod");
  all.forget_deleted(start + std::chrono::hours(1));
  all.forget_deleted(start + std::chrono::minutes(119));
  EXPECT_FALSE(all.has_changes());
}

}  // namespace
}  // namespace dingtail::tail
