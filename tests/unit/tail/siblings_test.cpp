#include "tail/siblings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>

#include "support/temp_dir.h"

namespace dingtail::tail {
namespace {

namespace fs = std::filesystem;

// What a rotation shifts while it is listed would be missing, and what was read of it taken for lost.
TEST(SiblingsTest, OfFilesThatAreBeingShiftedEachIsThereOrAnErrorIs) {
  constexpr int kFiles = 5;
  const test::TempDir dir;
  const auto name = [&](int i) { return dir / ("a.log." + std::to_string(i)); };
  for (int i = 1; i <= kFiles; ++i) dir.write("a.log." + std::to_string(i), "");
  const std::jthread shifting([&](const std::stop_token& stop) {
    for (int first = 1; !stop.stop_requested(); ++first)
      for (int i = first + kFiles; i > first; --i) fs::rename(name(i - 1), name(i));
  });
  int refused = 0;
  for (int listed = 0; listed < 200 || refused == 0;) {
    const auto there = siblings(dir / "a.log");
    refused += there ? 0 : 1;
    listed += there ? 1 : 0;
    ASSERT_EQ(there ? there->size() : std::size_t{kFiles}, std::size_t{kFiles});
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

}  // namespace
}  // namespace dingtail::tail
