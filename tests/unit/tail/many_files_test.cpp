// Many files, and large ones: what they may cost.
#include <gmock/gmock.h>

#include <iterator>

#include "unit/tail/tailer_fixture.h"

namespace dingtail::tail {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::SizeIs;

class ManyFiles : public TailerTest {
 protected:
  static std::size_t descriptors() {
    const fs::directory_iterator open("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(open), end(open)));
  }
  // In as many looks as it takes.
  std::vector<std::string> read_all(std::size_t count) {
    std::vector<std::string> records;
    for (int i = 0; i < 10 && records.size() < count; ++i) {
      const auto more = read(std::chrono::seconds(1));
      records.insert(records.end(), more.begin(), more.end());
    }
    return records;
  }
  void write_files(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) dir.write("logs/" + std::to_string(i) + ".log", "line\n");
  }
};

TEST_F(ManyFiles, FilesThatWaitToBeReadHoldFewDescriptors) {
  write_files(300);
  source.read_from = config::ReadFrom::kBeginning;
  const auto before = descriptors();
  start();
  EXPECT_LT(descriptors(), before + 100);
  EXPECT_THAT(read(), SizeIs(300));
  EXPECT_LT(descriptors(), before + 100);
}

TEST_F(ManyFiles, FilesThatAppearAllAtOnceAreAllFollowed) {
  constexpr std::size_t kFiles = 2500;  // more than one look takes
  write_files(kFiles);
  EXPECT_THAT(read_all(kFiles), SizeIs(kFiles));
}

// Else one that is rotated after a crash would be older than what was written down, and never be read.
TEST_F(ManyFiles, NoListingIsWrittenDownBeforeAllOfItIsFollowed) {
  constexpr std::size_t kFiles = 1500;  // more than one look takes
  static_cast<void>(saved());
  dir.write("logs/old.log.1", "line\n");
  write_files(kFiles);
  loop_events();
  now.mono += std::chrono::seconds(1);
  std::size_t blocks = 0;
  tailer->read(now, 1, [&](const Block&) { ++blocks; });
  const auto first = tailer->take_changes();
  EXPECT_LT(first.changed.size(), kFiles);
  EXPECT_TRUE(first.listed.empty());
  EXPECT_THAT(read_all(kFiles), SizeIs(kFiles + 1 - blocks)) << "the rotated one too: it was new";
  EXPECT_FALSE(tailer->take_changes().listed.empty());
}

TEST_F(ManyFiles, AHoleIsNotRead) {
  constexpr std::uintmax_t kTebibyte = 1ULL << 40;  // reading it would take minutes
  dir.write("logs/a.log", "before\n");
  EXPECT_THAT(read(), ElementsAre("before"));
  fs::resize_file(dir / "logs/a.log", kTebibyte);
  dir.append("logs/a.log", "behind\n");
  EXPECT_THAT(read(), ElementsAre("behind"));
}

}  // namespace
}  // namespace dingtail::tail
