// F13–F17, F69: directories, rights, links and file systems that come, go, and keep silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>

#include "integration/fault.h"
#include "integration/mount.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// What events do not tell is looked at each second; a sweep of everything comes once a minute.
constexpr std::chrono::seconds kSoonerThanTheSweep{15};

TEST_F(Fault, F13_ADirectoryDeletedAndMadeAnewIsFollowedAgain) {
  follow_lines("\"logs/*.log\"");
  dir_.write("logs/a.log", "");
  start();
  dir_.append("logs/a.log", lines(1, 10));
  ASSERT_TRUE(wait_until_told(10));
  const auto before = inode(file("logs"));
  freeze();
  fs::remove_all(file("logs"));
  fs::create_directory(file("other"));  // so that the number is another
  dir_.write("logs/a.log", lines(11, 20));
  ASSERT_NE(inode(file("logs")), before);
  thaw();
  ASSERT_TRUE(wait_until_told(20));
  dir_.append("logs/a.log", lines(21, 25));
  dir_.write("logs/b.log", lines(26, 30));
  expect_each_once(30);
}

TEST_F(Fault, F13_ADirectoryRenamedAwayIsReadToItsEndAndTheNewOneFollowed) {
  follow_lines("\"logs/*.log\"");
  dir_.write("logs/a.log", "");
  start();
  std::ofstream keeper(file("logs/a.log"), std::ios::app);
  keeper << lines(1, 10) << std::flush;
  ASSERT_TRUE(wait_until_told(10));
  fs::rename(file("logs"), file("logs-of-yesterday"));
  keeper << lines(11, 15) << std::flush;
  dir_.write("logs/a.log", lines(16, 20));
  ASSERT_TRUE(wait_until_told(20));
  keeper << lines(21, 25) << std::flush;
  dir_.append("logs/a.log", lines(26, 30));
  expect_each_once(30);
}

TEST_F(Fault, F13_ASubdirectoryThatAppearsWithAFileInItIsFoundByItsEvent) {
  follow_lines("\"logs/**/*.log\"");
  fs::create_directories(file("logs"));
  start();
  dir_.write("made/deep/a.log", lines(1, 10));
  const auto begin = std::chrono::steady_clock::now();
  fs::rename(file("made"), file("logs/made"));
  ASSERT_TRUE(wait_until_told(10));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kSoonerThanTheSweep);
  dir_.append("logs/made/deep/a.log", lines(11, 20));
  expect_each_once(20);
}

// A descriptor of its own writes where its user may no longer open.
TEST_F(Fault, F14_RightsTakenAwayAndGivenBackLeaveNeitherGapNorRepeat) {
  follow_lines("\"logs/app.log\"");
  dir_.write("logs/app.log", "");
  for (const auto& each : {dir_.path(), file("logs"), file("dingtail.toml")})
    fs::permissions(each, fs::perms::all);
  std::ofstream writer(file("logs/app.log"), std::ios::app);
  environment_["ASAN_OPTIONS"] = "detect_leaks=0";  // the leak checker needs rights that this user lacks
  const auto launch_and_wait = [&] {
    launch({"run", "-c", file("dingtail.toml")}, another_user());
    ASSERT_TRUE(wait_until_ready()) << agent().err();
  };
  launch_and_wait();
  writer << lines(1, 10) << std::flush;
  ASSERT_TRUE(wait_until_told(10));
  fs::permissions(file("logs"), fs::perms::none);
  writer << lines(11, 20) << std::flush;
  ASSERT_TRUE(wait_until_logged("file-unreadable " + file("logs/app.log") + ": "));
  stop();
  launch_and_wait();
  ASSERT_EQ(times_logged("agent-started"), 2U);
  fs::permissions(file("logs/app.log"), fs::perms::none);
  fs::permissions(file("logs"), fs::perms::all);
  writer << lines(21, 30) << std::flush;
  fs::permissions(file("logs/app.log"), fs::perms::all);
  ASSERT_TRUE(wait_until_told(30));
  writer << lines(31, 40) << std::flush;
  expect_each_once(40);
  EXPECT_EQ(times_logged("file-unreadable " + file("logs/app.log") + ": "), 2U);  // once a run
  EXPECT_TRUE(test::eventually([&] { return !group().notices().empty(); }));
  EXPECT_TRUE(loss_of(file("logs/app.log")).is_null());
}

// The log's file system is mounted twice: where the agent follows it, and where the test goes on writing.
TEST_F(Fault, F15_AFileSystemThatIsAwayForAWhileLeavesNeitherGapNorRepeat) {
  ASSERT_EQ(make_ext4(file("image"), 8 << 20), "");
  const Mount behind({"-o", "loop", file("image")}, file("behind"));
  if (!behind.refused().empty()) GTEST_SKIP() << behind.refused();
  std::optional<Mount> mount;
  const auto come = [&] { mount.emplace(std::vector<std::string>{"--bind", file("behind")}, file("logs")); };
  come();
  follow_lines("\"logs/app.log\", \"other/*\"");
  fs::create_directories(file("other"));
  dir_.write("behind/app.log", "");
  start();
  dir_.append("behind/app.log", lines(1, 10));
  ASSERT_TRUE(wait_until_told(10));
  mount.reset();
  ASSERT_FALSE(fs::exists(file("logs/app.log")));
  dir_.append("behind/app.log", lines(11, 20));
  dir_.write("other/1", "");  // a reason to look, and to find nothing
  come();
  ASSERT_TRUE(wait_until_told(20));
  mount.reset();
  stop();
  dir_.append("behind/app.log", lines(21, 30));
  start();
  ASSERT_TRUE(wait_until_logged("file-missing " + file("logs/app.log")));
  stop();  // nor is it forgotten by a run that never saw it
  start();
  come();
  ASSERT_TRUE(fs::exists(file("logs/app.log")));
  dir_.append("behind/app.log", lines(31, 40));
  dir_.write("other/2", "");  // a mount is no event: without a reason to look, the sweep finds it
  expect_each_once(40);
  EXPECT_TRUE(status()["losses"].empty());
}

std::uint64_t device(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_dev : 0;
}

// Loop devices, and disks after a reboot, are numbered as they come.
TEST_F(Fault, F15_AFileSystemThatComesBackUnderAnotherNumberLeavesNeitherGapNorRepeat) {
  std::vector<std::unique_ptr<Mount>> mounts;  // one over the other, each of a copy of the one before
  std::set<std::uint64_t> devices;
  const auto mount = [&] {
    mounts.push_back(std::make_unique<Mount>(
        std::vector<std::string>{"-o", "loop", file("image" + std::to_string(mounts.size()))}, file("logs")));
    devices.insert(device(file("logs")));
  };
  const auto mount_anew = [&] {
    ::sync();
    fs::copy_file(file("image" + std::to_string(mounts.size() - 1)),
                  file("image" + std::to_string(mounts.size())));
    mount();
  };
  ASSERT_EQ(make_ext4(file("image0"), 8 << 20), "");
  mount();
  if (!mounts.front()->refused().empty()) GTEST_SKIP() << mounts.front()->refused();
  follow_lines("\"logs/*.log\", \"other/*\"");
  fs::create_directories(file("other"));
  start();
  dir_.write("logs/a.log", lines(1, 10));
  dir_.write("logs/b.log", lines(11, 20));
  ASSERT_TRUE(wait_until_told(20));
  mount_anew();  // its descriptors are open
  dir_.append("logs/a.log", lines(21, 30));
  dir_.write("other/1", "");  // a mount is no event: a reason to look
  ASSERT_TRUE(wait_until_told(30));
  dir_.append("logs/b.log", lines(31, 40));
  ASSERT_TRUE(wait_until_told(40));
  stop();
  mount_anew();
  dir_.append("logs/a.log", lines(41, 50));
  fs::rename(file("logs/a.log"), file("logs/a.log.1"));
  dir_.write("logs/a.log", lines(51, 60));
  fs::copy_file(file("logs/b.log"), file("logs/b.log.1"));
  dir_.write("logs/b.log", lines(61, 70));
  start();
  expect_each_once(70);
  EXPECT_TRUE(status()["losses"].empty());
  EXPECT_EQ(devices.size(), 3U);
}

TEST_F(Fault, F16_AFileOfALowerLayerThatIsCopiedUpKeepsItsPositionAndWritesBehindTheMountAreFound) {
  for (const auto* each : {"lower", "upper", "work"}) fs::create_directories(file(each));
  dir_.write("lower/app.log", "line 1000\n");
  const Mount overlay(
      {"-t", "overlay", "-o",
       "lowerdir=" + file("lower") + ",upperdir=" + file("upper") + ",workdir=" + file("work"), "none"},
      file("logs"));
  if (!overlay.refused().empty()) GTEST_SKIP() << overlay.refused();
  follow_lines("\"logs/*.log\"");
  start();
  dir_.append("logs/app.log", lines(1, 10));
  ASSERT_TRUE(fs::exists(file("upper/app.log")));  // copied up
  ASSERT_TRUE(wait_until_told(10));
  const auto begin = std::chrono::steady_clock::now();
  dir_.append("upper/app.log", lines(11, 20));
  dir_.write("upper/another.log", lines(21, 30));
  ASSERT_TRUE(wait_until_told(30));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kSoonerThanTheSweep);
  stop();
  dir_.append("upper/app.log", lines(31, 40));
  start();
  expect_each_once(40);
}

constexpr std::uint64_t kFuse = 0x65735546;

TEST_F(Fault, F17_WhereNoEventsComeItIsLookedEachSecond) {
  if (test::find_program("bindfs").empty()) GTEST_SKIP() << "bindfs is not installed";
  fs::create_directories(file("behind"));
  const Mount own_namespace({"-t", "tmpfs", "none"}, file("logs"));
  if (!own_namespace.refused().empty()) GTEST_SKIP() << own_namespace.refused();
  test::Process passthrough({"bindfs", {"-f", file("behind"), file("logs")}}, file("bindfs"));
  struct statfs info {};
  const bool is_fuse = test::eventually(
      [&] {
        return ::statfs(file("logs").c_str(), &info) == 0 && static_cast<std::uint64_t>(info.f_type) == kFuse;
      },
      std::chrono::seconds(5));
  if (!is_fuse) GTEST_SKIP() << "no FUSE: " << passthrough.err();
  follow_lines("\"logs/*.log\"");
  dir_.write("behind/a.log", "");
  start();
  const auto begin = std::chrono::steady_clock::now();
  dir_.append("behind/a.log", lines(1, 10));  // not through the mount: nothing is told there
  dir_.write("behind/b.log", lines(11, 20));
  ASSERT_TRUE(wait_until_told(20));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kSoonerThanTheSweep);
  fs::rename(file("logs/a.log"), file("logs/a.log.1"));
  dir_.append("behind/a.log.1", lines(21, 25));
  dir_.write("behind/a.log", lines(26, 30));
  expect_each_once(30);
  ::umount2(file("logs").c_str(), MNT_DETACH);
}

// Whoever writes the log may rename it, and has no right to read the other file. The agent has.
TEST_F(Fault, F69_ALinkOfAStrangersMakingIsNotFollowed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a link away";
  constexpr uid_t kStranger = 65534;
  const auto link = [&](const std::string& target, const std::string& name, uid_t owner) {
    fs::remove(file(name));
    fs::create_symlink(file(target), file(name));
    ASSERT_EQ(::lchown(file(name).c_str(), owner, owner), 0);
  };
  follow_lines("\"logs/*.log\", \"by-link/*.log\"");
  dir_.write("secret", lines(51, 60));
  dir_.write("private/a.log", "");
  link("private", "by-link", kStranger);
  dir_.write("logs/app.log", "");
  ASSERT_EQ(::chown(file("logs/app.log").c_str(), kStranger, kStranger), 0);
  start();
  dir_.append("logs/app.log", lines(1, 10));
  ASSERT_TRUE(wait_until_told(10));
  fs::rename(file("logs/app.log"), file("logs/app.log.2"));
  link("secret", "logs/app.log", kStranger);
  link("secret", "logs/app.log.1", kStranger);
  ASSERT_TRUE(wait_until_logged("file-unreadable " + file("logs/app.log") + ": reached by a symbolic link"));
  EXPECT_EQ(status_of(file("logs/app.log"))["state"], "unreadable");
  EXPECT_TRUE(test::eventually([&] { return !group().notices().empty(); }));
  EXPECT_TRUE(wait_until_logged("file-unreadable " + file("by-link/a.log") + ": reached by a symbolic link"));
  dir_.write("private/a.log", lines(61, 70));
  link("logs/app.log.2", "logs/own.log", kStranger);  // his own file is his to show
  dir_.append("logs/app.log.2", lines(11, 15));
  ASSERT_TRUE(wait_until_told(15));
  stop();
  start();
  dir_.append("logs/app.log.2", lines(16, 20));
  expect_each_once(20);
  link("secret", "logs/app.log", 0);  // root may
  ASSERT_TRUE(wait_until_told(30));
}

}  // namespace
}  // namespace dingtail::integration
