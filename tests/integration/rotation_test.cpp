// Every complete line counts once, whatever happens to the file and to the agent. Each line has a number,
// each number is an alert of its own: what the group was told is an exact multiset.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include "integration/fault.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;

using Rotation = Fault;
using Restart = Fault;

TEST_F(Rotation, RenameAndCreateUnderLoadLosesNothing) {
  constexpr int kLines = 300;
  follow_lines();
  start();
  for (int i = 1; i <= kLines; ++i) {
    write(i, i);
    if (i % 60 == 0) fs::rename(log(), log() + "." + std::to_string(i));
    // The writer is always a few lines ahead of the group, also when it rotates.
    ASSERT_TRUE(group().wait_for(static_cast<std::size_t>(std::max(i - 10, 0))));
  }
  expect_each_once(kLines);
}

TEST_F(Rotation, ADeletedFileThatIsMadeAnewIsReadFromItsBeginning) {
  follow_lines();
  start();
  write(1, 20);
  ASSERT_TRUE(group().wait_for(20));
  fs::remove(log());
  write(21, 40);
  expect_each_once(40);
}

TEST_F(Rotation, ATruncatedFileIsReadFromItsBeginning) {
  follow_lines();
  start();
  write(1, 20);
  ASSERT_TRUE(group().wait_for(20));
  fs::resize_file(log(), 0);
  ASSERT_TRUE(wait_until_logged("file-truncated " + log()));
  write(21, 30);
  expect_each_once(30);
}

TEST_F(Restart, LinesAppendedWhileStoppedAreAllCounted) {
  follow_lines();
  start();
  write(1, 20);
  ASSERT_TRUE(group().wait_for(20));
  stop();
  write(21, 120);
  start();
  expect_each_once(120);
}

TEST_F(Restart, LinesAppendedAndRotatedAwayWhileStoppedAreAllCounted) {
  follow_lines();
  start();
  write(1, 20);
  ASSERT_TRUE(group().wait_for(20));
  stop();
  write(21, 70);
  fs::rename(log(), log() + ".1");
  write(71, 120);
  start();
  expect_each_once(120);
}

TEST_F(Restart, AnAlertGoesOnOverARestart) {
  configure(rule("r", "match = 'boom'\nwhen = { count = 3, within = \"10m\" }"));
  start();
  append(numbered("boom", 2));
  ASSERT_TRUE(wait_until_read());
  stop();
  append("boom\n");
  start();
  ASSERT_TRUE(group().wait_for(1));
  EXPECT_EQ(hits_in(group().messages()), 3U);
}

TEST_F(Restart, AKilledAgentLosesNoLineAndCountsNoneTwice) {
  constexpr int kLines = 200;
  follow_lines();
  start();
  // Killed in the midst: of lines read, of rows in the outbox, of a request on its way.
  for (const int after : {10, 60, 110}) {
    write(after - 9, after + 40);
    ASSERT_TRUE(group().wait_for(static_cast<std::size_t>(after)));
    kill();
    start();
  }
  write(151, kLines);
  expect_each_once(kLines);
  // A message that was repeated after a kill is the same message.
  std::map<std::string, std::string> text_of;
  for (const auto& request : group().requests()) {
    const auto& posted = request.verdict.posted;
    EXPECT_EQ(text_of.emplace(posted.msg_uuid, posted.text).first->second, posted.text);
  }
}

TEST_F(Restart, TheCountsOfAKilledStormAddUp) {
  constexpr int kLines = 4000;
  configure(rule("r", "match = 'boom'"));
  start();
  std::thread writer([&] {
    for (int from = 1; from <= kLines; from += 50) append(numbered("boom", 50, from));
  });
  for (int i = 0; i < 3; ++i) {
    const auto before = group().messages().size();
    EXPECT_TRUE(
        group().wait_for([=](const Messages& now) { return now.size() > before || hits_in(now) >= kLines; }));
    kill();
    start();
  }
  writer.join();
  EXPECT_TRUE(group().wait_for([](const Messages& messages) { return hits_in(messages) >= kLines; }));
  stop();
  EXPECT_EQ(hits_in(group().messages()), static_cast<std::uint64_t>(kLines));
}

}  // namespace
}  // namespace dingtail::integration
