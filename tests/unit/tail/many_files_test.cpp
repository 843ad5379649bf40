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
  void write_files(int count) {
    for (int i = 0; i < count; ++i) dir.write("logs/" + std::to_string(i) + ".log", "line\n");
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
  constexpr int kFiles = 2500;  // more than one look takes
  write_files(kFiles);
  std::vector<std::string> records;
  for (int i = 0; i < 10 && records.size() < kFiles; ++i) {
    const auto more = read(std::chrono::seconds(1));
    records.insert(records.end(), more.begin(), more.end());
  }
  EXPECT_THAT(records, SizeIs(kFiles));
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
