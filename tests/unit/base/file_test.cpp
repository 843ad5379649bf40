#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temp_dir.h"

namespace dingtail::base {
namespace {

TEST(ReadFile, TellsWhyItCannot) {
  const test::TempDir dir;
  EXPECT_EQ(read_file(dir / "absent", 10).error().code, Code::kNotFound);
  EXPECT_EQ(read_file(dir.path(), 10).error().what, "not a regular file");
  EXPECT_EQ(read_file(dir.write("large", "12345678901"), 10).error().what, "larger than 10 bytes");
  EXPECT_EQ(read_file(dir.write("fits", "1234567890"), 10), "1234567890");
}

TEST(ReadFile, DoesNotHangOnAPipe) {
  const test::TempDir dir;
  const auto pipe = dir / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_file(pipe, 10).error().what, "not a regular file");
}

TEST(PrivateDirectory, IsMadeWithItsParentsForTheOwnerAndGroupAlone) {
  const test::TempDir dir;
  const auto made = dir / "a/b/state";
  ASSERT_TRUE(make_private_directory(made));
  struct stat info {};
  ASSERT_EQ(::stat(made.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0007, 0U);
  EXPECT_TRUE(make_private_directory(made)) << "one that is there is fine";
}

TEST(PrivateDirectory, OneThatAnyoneMayWriteIsRefused) {
  const test::TempDir dir;
  const auto open = dir / "open";
  ASSERT_EQ(::mkdir(open.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(open.c_str(), 0777), 0);
  EXPECT_EQ(make_private_directory(open).error().code, Code::kDenied);
}

}  // namespace
}  // namespace dingtail::base
