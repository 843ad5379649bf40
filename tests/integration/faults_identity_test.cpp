// F7–F9, F11, F12: which file is which, when inodes, beginnings and names say little.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "integration/fault.h"
#include "integration/mount.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kImageBytes = 8 << 20;

TEST_F(Fault, F07_AnInodeThatIsUsedAgainIsAnotherFile) {
  // An inode of 128 bytes has no time of birth: there, content decides.
  ASSERT_EQ(make_ext4(file("256.image"), kImageBytes, {"-I", "256"}), "");
  ASSERT_EQ(make_ext4(file("128.image"), kImageBytes, {"-I", "128"}), "");
  const Mount births({"-o", "loop", file("256.image")}, file("256"));
  const Mount no_births({"-o", "loop", file("128.image")}, file("128"));
  for (const auto* mount : {&births, &no_births})
    if (!mount->refused().empty()) GTEST_SKIP() << mount->refused();
  const std::string header = "the same first line\n";
  const std::vector<std::string> logs = {"256/app.log", "128/app.log"};
  follow_lines("\"256/app.log\", \"128/app.log\"");
  for (const auto& name : logs) dir_.write(name, header);
  start();
  for (int i = 0; i < 2; ++i) dir_.append(logs[i], lines(10 * i + 1, 10 * i + 10));
  ASSERT_TRUE(wait_until_told(20));
  stop();  // while it runs it holds what it read just now: that inode is not free
  for (int i = 0; i < 2; ++i) {
    const auto before = inode(file(logs[i]));
    fs::remove(file(logs[i]));
    dir_.write(logs[i], header + lines(20 * i + 21, 20 * i + 40));
    ASSERT_EQ(inode(file(logs[i])), before);
  }
  start();
  expect_each_once(60);
}

TEST_F(Fault, F08_FilesThatBeginAlikeAreKeptApartOverRotationAndRestart) {
  constexpr int kFiles = 6;
  const std::string header(4096, '#');
  const auto name = [](int i) { return "logs/" + std::to_string(i) + ".log"; };
  follow_lines("\"logs/*.log\"");
  for (int i = 0; i < kFiles; ++i) dir_.write(name(i), header + "\n");
  start();
  int last = 0;
  const auto write_to_each = [&] {
    for (int i = 0; i < kFiles; ++i, ++last) dir_.append(name(i), lines(last + 1, last + 1));
  };
  write_to_each();
  ASSERT_TRUE(wait_until_told(last));
  const auto take_turns = [&] {  // each takes the next one's name
    fs::rename(file(name(0)), file("logs/away"));
    for (int i = 1; i < kFiles; ++i) fs::rename(file(name(i)), file(name(i - 1)));
    fs::rename(file("logs/away"), file(name(kFiles - 1)));
  };
  take_turns();
  write_to_each();
  ASSERT_TRUE(wait_until_told(last));
  stop();
  write_to_each();
  take_turns();
  fs::rename(file(name(0)), file(name(0) + ".1"));
  dir_.write(name(0), header + "\n");
  write_to_each();
  start();
  write_to_each();
  expect_each_once(last);
  EXPECT_TRUE(status()["losses"].empty());
}

TEST_F(Fault, F09_AFileThatGrowsByteByByteWithAKillAfterEachIsNeitherRepeatedNorLost) {
  follow_lines();
  start();
  for (const char byte : lines(1, 2)) {
    append({byte});
    const auto size = fs::file_size(log());
    ASSERT_TRUE(test::eventually([&] { return status_of(log())["size"] == size; }));
    kill();
    start();
  }
  write(3, 3);
  expect_each_once(3);
}

// Puts another link in the place of one, at once.
void retarget(const std::string& link, const std::string& target) {
  fs::create_symlink(target, link + ".new");
  fs::rename(link + ".new", link);
}

TEST_F(Fault, F11_ARetargetedLinkIsFollowedToItsNewFile) {
  follow_lines("\"current.log\"");
  dir_.write("data/a", "");
  dir_.write("data/b", "");
  fs::create_symlink("data/a", file("current.log"));
  start();
  dir_.append("data/a", lines(1, 10));
  ASSERT_TRUE(wait_until_told(10));
  freeze();
  dir_.append("data/a", lines(11, 15));
  dir_.append("data/b", lines(16, 20));
  retarget(file("current.log"), "data/b");
  ASSERT_EQ(fs::read_symlink(file("current.log")), "data/b");
  thaw();
  ASSERT_TRUE(wait_until_told(20));
  dir_.append("data/b", lines(21, 30));
  expect_each_once(30);
}

TEST_F(Fault, F11_ALinkInTheMiddleOfAChainMayBeRetargeted) {
  follow_lines("\"logs/app.log\"");
  dir_.write("data/a", "");
  dir_.write("data/b", "");
  fs::create_directories(file("logs"));
  fs::create_directories(file("links"));
  fs::create_symlink("../data/a", file("links/current"));
  fs::create_symlink("../links/current", file("logs/app.log"));
  start();
  dir_.append("data/a", lines(1, 10));
  ASSERT_TRUE(wait_until_told(10));
  dir_.append("data/b", lines(11, 20));
  retarget(file("links/current"), "../data/b");
  expect_each_once(20);
}

TEST_F(Fault, F11_AFileInTheGlobByItsNameAndByALinkIsReadOnce) {
  follow_lines("\"*.log\"");
  dir_.write("app.log", "");
  fs::create_symlink("app.log", file("a-link.log"));
  fs::create_symlink("app.log", file("z-link.log"));
  start();
  write(1, 10);
  ASSERT_TRUE(wait_until_told(10));
  stop();
  write(11, 20);
  start();
  write(21, 25);
  expect_each_once(25);
}

TEST_F(Fault, F12_AHardLinkInTheGlobIsReadOnce) {
  follow_lines("\"*.log\"");
  dir_.write("a.log", "");
  fs::create_hard_link(file("a.log"), file("b.log"));
  ASSERT_EQ(inode(file("a.log")), inode(file("b.log")));
  start();
  dir_.append("a.log", lines(1, 10));
  dir_.append("b.log", lines(11, 20));
  ASSERT_TRUE(wait_until_told(20));
  fs::remove(file("a.log"));
  dir_.append("b.log", lines(21, 30));
  expect_each_once(30);
}

}  // namespace
}  // namespace dingtail::integration
