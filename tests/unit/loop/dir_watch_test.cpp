#include "loop/dir_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "support/temp_dir.h"

namespace dingtail::loop {
namespace {

// A watch whose events are gathered as "directory/name" or "directory/name!" where the listing changed.
class DirWatchTest : public testing::Test {
 protected:
  DirWatchTest() {
    auto opened = DirWatch::open(loop, [this](const std::vector<DirEvent>& events, bool overflow) {
      for (const auto& event : events)
        seen.insert(std::filesystem::path(event.directory).filename().string() + "/" + event.name +
                    (event.change == DirChange::kWritten ? "" : "!"));
      overflowed = overflowed || overflow;
    });
    watch = std::move(*opened);
  }

  void run_until(const std::string& event) {
    for (int turns = 0; turns < 100 && !seen.contains(event); ++turns) loop.run_once();
    EXPECT_TRUE(seen.contains(event)) << event;
  }

  test::TempDir dir;
  Loop loop;
  std::set<std::string> seen;
  bool overflowed = false;
  std::unique_ptr<DirWatch> watch;
};

TEST_F(DirWatchTest, TellsNewNamesAndWrites) {
  std::filesystem::create_directory(dir / "logs");
  ASSERT_TRUE(watch->add(dir / "logs"));
  dir.write("logs/a.log", "1\n");
  run_until("logs/a.log!");
  seen.clear();
  dir.append("logs/a.log", "2\n");
  run_until("logs/a.log");
}

// What was written by one whose rights were changed just before may be all that is ever told of it.
TEST_F(DirWatchTest, AWriteIsToldBesideWhatElseHappenedToItsName) {
  std::filesystem::create_directory(dir / "logs");
  dir.write("logs/a.log", "1\n");
  ASSERT_TRUE(watch->add(dir / "logs"));
  std::filesystem::permissions(dir / "logs/a.log", std::filesystem::perms::owner_all);
  dir.append("logs/a.log", "2\n");
  run_until("logs/a.log");
  EXPECT_TRUE(seen.contains("logs/a.log!"));
}

TEST_F(DirWatchTest, ADirectoryMadeAnewAtThePathCanBeWatchedAgain) {
  std::filesystem::create_directory(dir / "logs");
  ASSERT_TRUE(watch->add(dir / "logs"));
  std::filesystem::remove(dir / "logs");
  run_until("logs/!");
  std::filesystem::create_directory(dir / "logs");
  ASSERT_TRUE(watch->add(dir / "logs"));
  dir.write("logs/b.log", "x");
  run_until("logs/b.log!");
}

TEST_F(DirWatchTest, ADirectoryRenamedAwayIsNoLongerTheOneAtThePath) {
  std::filesystem::create_directory(dir / "logs");
  ASSERT_TRUE(watch->add(dir / "logs"));
  std::filesystem::rename(dir / "logs", dir / "old");
  run_until("logs/!");
  std::filesystem::create_directory(dir / "logs");
  ASSERT_TRUE(watch->add(dir / "logs"));
  dir.write("old/a.log", "x");
  dir.write("logs/b.log", "x");
  run_until("logs/b.log!");
  EXPECT_FALSE(seen.contains("logs/a.log!"));
}

TEST_F(DirWatchTest, OnlyWhatIsKeptIsWatched) {
  for (const auto* name : {"kept", "left"}) {
    std::filesystem::create_directory(dir / name);
    ASSERT_TRUE(watch->add(dir / name));
  }
  watch->keep_only({dir / "kept"});
  dir.write("left/a.log", "x");
  dir.write("kept/b.log", "x");
  run_until("kept/b.log!");
  EXPECT_FALSE(seen.contains("left/a.log!"));
}

TEST_F(DirWatchTest, AMissingDirectoryIsAnError) {
  EXPECT_EQ(watch->add(dir / "absent").error().code, base::Code::kNotFound);
}

TEST_F(DirWatchTest, AnOverflowingQueueIsTold) {
  std::filesystem::create_directory(dir / "logs");
  ASSERT_TRUE(watch->add(dir / "logs"));
  // Alternating names keep the kernel from merging equal events; its queue holds 16,384 by default.
  for (int i = 0; i < 9000; ++i) {
    dir.write("logs/a" + std::to_string(i), "");
    std::filesystem::remove(dir / ("logs/a" + std::to_string(i)));
  }
  for (int turns = 0; turns < 2000 && !overflowed; ++turns) loop.run_once();
  EXPECT_TRUE(overflowed);
}

}  // namespace
}  // namespace dingtail::loop
