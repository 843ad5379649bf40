#include "state/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/temp_dir.h"
#include "unit/state/states.h"

namespace dingtail::state {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DirectoryTest : public testing::Test {
 protected:
  void refused(base::Code code, const std::string& why) {
    const auto directory = Directory::open(state);
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().code, code);
    EXPECT_THAT(directory.error().what, HasSubstr(why));
  }

  test::TempDir dir;
  std::string state = dir / "state";
};

TEST_F(DirectoryTest, IsMadeWithItsParentsForTheOwnerAndGroupAlone) {
  state = dir / "a/b/state";
  ASSERT_TRUE(Directory::open(state));
  struct stat info {};
  ASSERT_EQ(::stat(state.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0027, 0U);
  EXPECT_TRUE(Directory::open(state)) << "one that is there is fine";
}

TEST_F(DirectoryTest, ASecondAgentIsRefusedWhateverFileIsDeleted) {
  const auto first = Directory::open(state);
  ASSERT_TRUE(first);
  ASSERT_TRUE(first->put_database(Database::make));
  for (const auto& entry : std::filesystem::directory_iterator(state)) std::filesystem::remove(entry);
  refused(base::Code::kBusy, "another agent runs on " + state);
}

TEST_F(DirectoryTest, TheLockIsFreeWhenItsHolderEnds) {
  EXPECT_FALSE(is_held(state));
  EXPECT_FALSE(std::filesystem::exists(state)) << "asking makes nothing";
  {
    const auto held = Directory::open(state);
    ASSERT_TRUE(held);
    EXPECT_TRUE(is_held(state));
  }
  EXPECT_FALSE(is_held(state));
  EXPECT_TRUE(Directory::open(state));
}

TEST_F(DirectoryTest, ALinkIsRefusedUnderAnyNameAndALinkAboveItIsTheSystems) {
  std::filesystem::create_directory(dir / "real");
  std::filesystem::permissions(dir / "real", std::filesystem::perms::owner_all);
  std::filesystem::create_directory_symlink(dir / "real", state);
  refused(base::Code::kDenied, "is a symbolic link");
  state += "/";
  refused(base::Code::kDenied, "is a symbolic link");
  state = dir / "state/below";
  const auto below = Directory::open(state);
  ASSERT_TRUE(below) << below.error().what;
  EXPECT_TRUE(below->put_database(Database::make));
  EXPECT_TRUE(Database::open(below->database())) << "SQLite follows no link";
}

TEST_F(DirectoryTest, OneThatOthersMayWriteIsRefused) {
  ASSERT_EQ(::mkdir(state.c_str(), 0700), 0);
  for (const mode_t mode : {0770, 0707, 0720}) {
    ASSERT_EQ(::chmod(state.c_str(), mode), 0);
    refused(base::Code::kDenied, "may be written by others: chmod go-w it");
  }
}

TEST_F(DirectoryTest, OneOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::mkdir(state.c_str(), 0700), 0);
  ASSERT_EQ(::chown(state.c_str(), 65534, 65534), 0);
  refused(base::Code::kDenied, "belongs to user 65534: chown it");
}

TEST_F(DirectoryTest, FilesInItThatNoAgentMadeAreRefused) {
  ASSERT_EQ(::mkdir(state.c_str(), 0700), 0);
  for (const char* name : {"state.db", "state.db-wal", "state.db-journal"}) {
    const auto file = state + "/" + name;
    std::filesystem::create_symlink(dir / "elsewhere", file);
    refused(base::Code::kDenied, file + " is no regular file");
    std::filesystem::remove(file);
    dir.write(std::string("state/") + name, "");
    ASSERT_EQ(::chmod(file.c_str(), 0660), 0);
    refused(base::Code::kDenied, file + " may be written by others");
    std::filesystem::remove(file);
  }
  EXPECT_FALSE(std::filesystem::exists(dir / "elsewhere"));
}

TEST_F(DirectoryTest, NeitherALinkNamedLikeTheBallastIsFollowed) {
  const auto directory = Directory::open(state);
  ASSERT_TRUE(directory);
  std::filesystem::create_symlink(dir / "elsewhere", state + "/ballast");
  directory->keep_ballast();
  EXPECT_FALSE(std::filesystem::exists(dir / "elsewhere"));
}

TEST_F(DirectoryTest, ARelativeOneIsAnErrorInADeletedWorkingDirectory) {
  const auto before = std::filesystem::current_path();
  {
    const test::TempDir gone;
    std::filesystem::current_path(gone.path());
  }
  const auto opened = Directory::open("state");
  std::filesystem::current_path(before);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().what, "state: No such file or directory");
}

TEST_F(DirectoryTest, TheBallastTakesRoomUntilItIsReleased) {
  const auto directory = Directory::open(state);
  ASSERT_TRUE(directory);
  directory->keep_ballast();
  struct stat info {};
  ASSERT_EQ(::stat((state + "/ballast").c_str(), &info), 0);
  EXPECT_GE(info.st_blocks * 512, 1 << 20);
  EXPECT_TRUE(directory->release_ballast());
  EXPECT_FALSE(std::filesystem::exists(state + "/ballast"));
  EXPECT_FALSE(directory->release_ballast()) << "it made no room the second time";
}

TEST_F(DirectoryTest, WhatIsSetAsideKeepsItsBytesAndNeverTakesAnothersName) {
  const auto directory = Directory::open(state);
  ASSERT_TRUE(directory);
  const auto at = base::from_unix_ms(1'795'230'000'000);
  dir.write("state/state.db", "one");
  dir.write("state/state.db-wal", "its log");
  const auto first = directory->set_aside("corrupt", at);
  ASSERT_TRUE(first);
  EXPECT_FALSE(directory->has_state());
  dir.write("state/state.db", "two");
  const auto second = directory->set_aside("corrupt", at);
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(bytes_of(state + "/" + *first), "one");
  EXPECT_EQ(bytes_of(state + "/" + *first + "-wal"), "its log");
  EXPECT_EQ(bytes_of(state + "/" + *second), "two");
}

// statfs(2) and linux/magic.h.
TEST(FileSystemType, OfTheNetworkOrNot) {
  for (const std::uint64_t type : {0x6969UL, 0xFF534D42UL, 0xFE534D42UL, 0x00C36400UL, 0x5346414FUL})
    EXPECT_TRUE(is_network_file_system(type)) << std::hex << type;
  for (const std::uint64_t type : {0xEF53UL, 0x58465342UL, 0x9123683EUL, 0x01021994UL, 0x794C7630UL})
    EXPECT_FALSE(is_network_file_system(type)) << std::hex << type;
}

}  // namespace
}  // namespace dingtail::state
