// F1–F6, F10: rotations, whatever the agent sees of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "integration/fault.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::vector<int> from_to(int first, int last) {
  std::vector<int> out(static_cast<std::size_t>(last - first + 1));
  std::iota(out.begin(), out.end(), first);
  return out;
}

// Those of `order` that lie between the two.
std::vector<int> between(const std::vector<int>& order, int first, int last) {
  std::vector<int> out;
  std::copy_if(order.begin(), order.end(), std::back_inserter(out),
               [=](int n) { return n >= first && n <= last; });
  return out;
}

TEST_F(Fault, F01_AWriterThatKeepsTheRenamedFileIsHeardInOrderWhicheverIsWrittenFirst) {
  follow_lines();
  start();
  std::ofstream keeper(log(), std::ios::app);
  keeper << lines(1, 10) << std::flush;
  ASSERT_TRUE(wait_until_told(10));
  fs::rename(log(), log() + ".1");
  keeper << lines(11, 20) << std::flush;  // the old file first
  write(21, 30);
  ASSERT_TRUE(wait_until_told(30));
  write(31, 40);  // the new one first
  keeper << lines(41, 50) << std::flush;
  ASSERT_NE(inode(log()), inode(log() + ".1"));
  expect_each_once(50);
  const auto order = order_told();
  EXPECT_EQ(between(order, 1, 20), from_to(1, 20));
  EXPECT_EQ(between(order, 21, 40), from_to(21, 40));
  EXPECT_EQ(between(order, 41, 50), from_to(41, 50));
}

// The text with spaces before its last newline, so that it has `size` bytes.
std::string padded(std::string text, std::size_t size) {
  EXPECT_LE(text.size(), size);
  text.insert(text.size() - 1, size - text.size(), ' ');
  return text;
}

// What was read, what was not when it was copied away, and what came then: to below the position that was
// read, just to it, and beyond all that ever was in it.
TEST_F(Fault, F02_ACopytruncateIsDrainedAndNothingRepeatedHoweverMuchIsWrittenThen) {
  follow_lines("\"*.log\"");
  const std::vector<std::string> logs = {"below.log", "at.log", "beyond.log"};
  for (const auto& name : logs) dir_.write(name, "");
  start();
  for (int i = 0; i < 3; ++i) dir_.append(logs[i], lines(100 * i + 101, 100 * i + 110));
  ASSERT_TRUE(wait_until_told(30));
  const auto position = fs::file_size(file("below.log"));
  freeze();
  for (int i = 0; i < 3; ++i) dir_.append(logs[i], lines(100 * i + 111, 100 * i + 120));
  const auto size = fs::file_size(file("below.log"));
  for (const auto& name : logs) {
    fs::copy_file(file(name), file(name) + ".1");
    fs::resize_file(file(name), 0);
  }
  dir_.append("below.log", lines(121, 122));
  dir_.append("at.log", padded(lines(221, 222), position));
  dir_.append("beyond.log", lines(321, 360));
  ASSERT_LT(fs::file_size(file("below.log")), position);
  ASSERT_EQ(fs::file_size(file("at.log")), position);
  ASSERT_GT(fs::file_size(file("beyond.log")), size);
  thaw();
  ASSERT_TRUE(wait_until_told(22 + 22 + 60));
  dir_.append("below.log", lines(123, 125));
  dir_.append("at.log", lines(223, 225));
  dir_.append("beyond.log", lines(361, 365));
  ASSERT_TRUE(wait_until_told(25 + 25 + 65));
  const auto order = order_told();
  EXPECT_EQ(order.size(), 25U + 25U + 65U);
  EXPECT_EQ(between(order, 100, 199), from_to(101, 125));
  EXPECT_EQ(between(order, 200, 299), from_to(201, 225));
  EXPECT_EQ(between(order, 300, 399), from_to(301, 365));
  EXPECT_EQ(times_logged("file-truncated "), 3U);
  EXPECT_TRUE(status()["losses"].empty());
}

TEST_F(Fault, F03_ATruncationThatIsOutgrownBeforeTheNextLookIsSeen) {
  follow_lines();
  start();
  write(1, 10);
  ASSERT_TRUE(wait_until_told(10));
  const auto size = fs::file_size(log());
  freeze();
  fs::resize_file(log(), 0);
  write(11, 40);
  ASSERT_GT(fs::file_size(log()), size);
  thaw();
  expect_each_once(40);
  EXPECT_TRUE(logged("file-truncated " + log()));
}

TEST_F(Fault, F04_OtherContentOfTheSameSizeIsSeen) {
  follow_lines();
  start();
  write(10, 19);
  ASSERT_TRUE(wait_until_told(10));
  const auto size = fs::file_size(log());
  const auto same_file = inode(log());
  freeze();
  std::ofstream(log(), std::ios::in) << lines(20, 29);  // written over, never shorter
  ASSERT_EQ(fs::file_size(log()), size);
  ASSERT_EQ(inode(log()), same_file);
  thaw();
  ASSERT_TRUE(wait_until_told(20));
  write(1, 9);
  expect_each_once(29);
}

// name becomes name.1 and so on. What is at least as old as `compressed` is compressed; 0: nothing.
void shift(const std::string& name, int compressed, const std::string& scratch) {
  const auto of_age = [&](int age) { return name + "." + std::to_string(age); };
  for (int age = 30; age >= 1; --age)
    for (const char* end : {"", ".gz"})
      if (fs::exists(of_age(age) + end)) fs::rename(of_age(age) + end, of_age(age + 1) + end);
  fs::rename(name, of_age(1));
  if (compressed == 0 || !fs::exists(of_age(compressed))) return;
  ASSERT_EQ(test::run({"gzip", {of_age(compressed)}}, scratch).code, 0);
}

TEST_F(Fault, F05_WhatWasRotatedWhileDownIsReadInItsOrderCompressedOrNot) {
  constexpr int kMostRotations = 5;
  const std::vector<std::string> logs = {"plain.log", "at-once.log", "delayed.log"};
  follow_lines("\"*.log\"");
  for (const auto& name : logs) dir_.write(name, "");
  start();
  int last = 0;
  const auto write_to_each = [&] {
    for (int i = 0; i < 6; ++i) {
      ++last;
      dir_.append(logs[last % 3], lines(last, last));
    }
  };
  for (int rotations = 0; rotations <= kMostRotations; ++rotations) {
    write_to_each();
    ASSERT_TRUE(wait_until_told(last - 3));  // the end was perhaps not read yet
    stop();
    for (int i = 0; i < rotations; ++i) {
      write_to_each();
      for (int compressed = 0; compressed < 3; ++compressed)
        shift(file(logs[compressed]), compressed, file("gzip"));
    }
    write_to_each();
    start();
    ASSERT_TRUE(wait_until_told(last)) << rotations << " rotations: told were " << order_told().size();
  }
  expect_each_once(last);
  ASSERT_TRUE(fs::exists(file("at-once.log.1.gz")) && fs::exists(file("delayed.log.2.gz")));
  for (int i = 0; i < 3; ++i) {
    std::vector<int> of_this_log = order_told();
    std::erase_if(of_this_log, [=](int n) { return n % 3 != i; });
    EXPECT_TRUE(std::is_sorted(of_this_log.begin(), of_this_log.end())) << logs[i];
  }
  EXPECT_TRUE(status()["losses"].empty());
}

TEST_F(Fault, F06_WhatWasRotatedAndDeletedWhileDownIsInTheLedgerAndToldWithItsBytes) {
  const std::string half = "a line of which the agent saw";
  follow_lines();
  start();
  append(lines(1, 10) + half);
  ASSERT_TRUE(wait_until_told(10));
  stop();
  append(" a half\nline 1000\n");
  for (int first : {11, 21}) {  // one is kept
    fs::rename(log(), log() + ".1");
    write(first, first + 9);
  }
  start();
  expect_each_once(30);
  const auto loss = loss_of(log());
  ASSERT_TRUE(loss.is_object());
  EXPECT_EQ(loss["bytes"], half.size());  // as much of it as was ever seen
  EXPECT_THAT(loss["reason"].get<std::string>(), HasSubstr("deleted while the agent was down"));
  ASSERT_TRUE(test::eventually([&] { return !group().notices().empty(); }));
  EXPECT_THAT(group().notices()[0].verdict.posted.text, HasSubstr("records-lost"));
}

TEST_F(Fault, F10_AFileReplacedByRenameIsReadToItsEndAndTheOtherFromItsBeginning) {
  follow_lines();
  start();
  write(1, 10);
  ASSERT_TRUE(wait_until_told(10));
  const auto replaced = inode(log());
  freeze();
  std::ofstream keeper(log(), std::ios::app);
  keeper << lines(11, 20) << std::flush;
  dir_.write("new", lines(21, 30));
  fs::rename(file("new"), log());
  ASSERT_NE(inode(log()), replaced);
  thaw();
  ASSERT_TRUE(wait_until_told(30));
  keeper << lines(31, 35) << std::flush;  // it has no name any more
  expect_each_once(35);
  EXPECT_EQ(order_told(), from_to(1, 35));
  EXPECT_TRUE(status()["losses"].empty());
}

}  // namespace
}  // namespace dingtail::integration
