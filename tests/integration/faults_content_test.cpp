// F23–F27: what stands in the files, and how much of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/text.h"
#include "integration/fault.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t kMiB = 1 << 20;

TEST_F(Fault, F23_AHoleOfGigabytesIsPassedOverAtOnce) {
  constexpr std::uint64_t kHole = 10ULL << 30;
  follow_lines();
  start();
  write(1, 10);
  ASSERT_TRUE(wait_until_told(10));
  const auto memory = proc_status("VmHWM");
  fs::resize_file(log(), kHole);
  write(11, 20);
  struct stat info {};
  ASSERT_EQ(::stat(log().c_str(), &info), 0);
  ASSERT_LT(static_cast<std::uint64_t>(info.st_blocks) * 512, kMiB) << "no hole";
  ASSERT_TRUE(wait_until_told(20));
  EXPECT_LT(proc_status("VmHWM") - memory, 16 * 1024U);
  stop();
  start();
  write(21, 25);
  expect_each_once(25);
}

TEST_F(Fault, F24_ABurstIsReadWholeWithBoundedMemoryWhileTheLoopAnswers) {
  constexpr int kLines = 1'000'000;
  constexpr int kHitEach = 100;
  environment_["ASAN_OPTIONS"] = "quarantine_size_mb=1";  // what was freed is no use of memory
  follow("\"app.log\"", "", rule("r", "match = 'boom .*key=(?P<key>\\d+)'\ngroup_by = [\"key\"]", "key"));
  start();
  append("boom key=0\n");
  ASSERT_TRUE(wait_for_hits(1));
  const auto memory = proc_status("VmHWM");
  std::map<int, std::uint64_t> expected = {{0, 1}};
  std::chrono::nanoseconds worst{0};
  std::string chunk;
  for (int i = 1; i <= kLines; ++i) {
    const bool hit = i % kHitEach == 0;
    chunk += (hit ? "boom " : "fine ") + std::string(100, 'x') + " key=" + std::to_string(i % 7) + "\n";
    if (hit) ++expected[i % 7];
    if (i % 20'000 != 0) continue;
    append(chunk);
    chunk.clear();
    worst = std::max(worst, answer_time());
  }
  ASSERT_TRUE(wait_for_hits(kLines / kHitEach + 1));
  ASSERT_GT(fs::file_size(log()), 100 * kMiB);
  EXPECT_EQ(told(), expected);
  EXPECT_LT(proc_status("VmHWM") - memory, 48 * 1024U);
  EXPECT_LT(worst, std::chrono::milliseconds(250));
}

TEST_F(Fault, F25_ALineWithoutEndIsMatchedOnItsHeadCountedAndPassed) {
  constexpr std::uint64_t kLength = 100 * kMiB;
  constexpr std::uint64_t kLimit = 256 * 1024;
  environment_["ASAN_OPTIONS"] = "quarantine_size_mb=1";
  follow_lines();
  start();
  append("line 1\n");
  ASSERT_TRUE(wait_until_told(1));
  const auto memory = proc_status("VmHWM");
  std::string text = "line 2 ";
  std::uint64_t written = 0;
  for (text.resize(kMiB, 'a'); written < kLength; text.assign(kMiB, 'a')) {
    append(text);
    written += text.size();
  }
  append(" line 1000\nline 3\n");
  written += std::string_view(" line 1000").size();
  ASSERT_TRUE(wait_until_told(3));
  ASSERT_TRUE(wait_until_read());
  EXPECT_LT(proc_status("VmHWM") - memory, 16 * 1024U);
  const auto loss = loss_of(log());
  ASSERT_TRUE(loss.is_object());
  EXPECT_EQ(loss["bytes"], written - kLimit);
  write(4, 5);
  expect_each_once(5);
}

TEST_F(Fault, F26_AHalfLineIsNoRecordUntilItsEndAlsoOverAKill) {
  follow_lines();
  start();
  append("line 1\nline 2");
  ASSERT_TRUE(wait_until_told(1));
  ASSERT_TRUE(test::eventually([&] { return status_of(log())["size"] == fs::file_size(log()); }));
  kill();
  start();
  append("000\nline 2\n");
  ASSERT_TRUE(wait_until_told(3));
  append("line 3");
  ASSERT_TRUE(test::eventually([&] { return status_of(log())["size"] == fs::file_size(log()); }));
  EXPECT_EQ(told(), (std::map<int, std::uint64_t>{{1, 1}, {2000, 1}, {2, 1}}));
  fs::remove(log());  // now nobody completes it
  ASSERT_TRUE(wait_until_told(4));
  append("line 4\n");
  ASSERT_TRUE(wait_until_told(5));
  EXPECT_EQ(told(), (std::map<int, std::uint64_t>{{1, 1}, {2000, 1}, {2, 1}, {3, 1}, {4, 1}}));
}

std::string utf16(const std::string& ascii, bool big_endian) {
  std::string out = big_endian ? "\xfe\xff" : "\xff\xfe";
  for (const char c : ascii) out += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

// Lines from `first` on, each with other bytes in its midst. Returns the number of the last.
int write_hostile_bytes(const test::TempDir& dir, int first, std::uint32_t seed) {
  std::vector<std::string> parts = {"\r",           std::string("\0", 1), "\xc0\xaf",         "\xe0\x80\xaf",
                                    "\xed\xa0\x80", "\xe4\xb8",           "\xf4\x90\x80\x80", "\xef\xbb\xbf",
                                    "\xff\xfe",     "\x1b[31m",           "\xe2\x80\xae"};
  for (int byte = 0; byte < 256; ++byte)
    if (byte != '\n') parts.emplace_back(1, static_cast<char>(byte));
  std::mt19937 random(seed);
  for (int i = 0; i < 30; ++i) {
    std::string bytes(40, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random() % 256);
    std::replace(bytes.begin(), bytes.end(), '\n', ' ');
    parts.push_back(bytes);
  }
  std::string text;
  for (const auto& part : parts) text += "line " + std::to_string(first++) + " " + part + ".\r\n";
  dir.append("app.log", text);
  return first - 1;
}

TEST_F(Fault, F27_LinesOfAnyBytesAreRecordsAndWhatIsSentIsAlwaysUtf8) {
  follow("\"*.log\"", "", rule("line", "match = '^line (?P<n>\\d+)( .*[.])?$'\ngroup_by = [\"n\"]", "n"));
  start();
  dir_.write("utf8-with-mark.log", "\xef\xbb\xbfline 1\n");
  dir_.write("utf16-little.log", utf16("line 2\r\nline 3\n", false));
  dir_.write("utf16-big.log", utf16("line 4\nline 5\r\n", true));
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const int last = write_hostile_bytes(dir_, 6, seed);
  expect_each_once(last);
  for (const auto& request : group().requests()) {
    const auto& text = request.verdict.posted.text;
    EXPECT_TRUE(request.verdict.accepted()) << request.verdict.errmsg;
    EXPECT_TRUE(base::is_utf8(text));
    EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) < ' ' && c != '\n') || c == '\x7f';
    })) << text;
  }
}

}  // namespace
}  // namespace dingtail::integration
