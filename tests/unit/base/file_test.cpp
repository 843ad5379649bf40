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

}  // namespace
}  // namespace dingtail::base
