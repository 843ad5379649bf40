#include "tail/decompress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "base/file.h"
#include "support/temp_dir.h"

namespace dingtail::tail {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMiB = 1UL << 20U;

TEST(CanDecompress, IsToldByTheName) {
  EXPECT_TRUE(can_decompress("/var/log/app.log.2.gz"));
  EXPECT_TRUE(can_decompress("/var/log/app.log-20261121.zst"));
  for (const char* name : {"app.log", "app.log.1", "app.gz.log", "app.log.xz", "app.log.bz2", "gz"})
    EXPECT_FALSE(can_decompress(name)) << name;
}

// Numbered lines, so that a byte out of place is seen.
std::string lines(std::size_t bytes) {
  std::string out;
  for (int i = 0; out.size() < bytes; ++i)
    out += "line " + std::to_string(i) + " of a log, like the others\n";
  return out;
}

// For each way of compressing; compressed by the programs that logrotate runs.
class DecompressedTest : public testing::TestWithParam<const char*> {
 protected:
  static bool gzip() { return GetParam() == std::string("gzip"); }
  [[nodiscard]] std::string path() const { return dir / (gzip() ? "app.log.1.gz" : "app.log.1.zst"); }

  [[nodiscard]] std::string compressed(const std::string& content) const {
    const auto plain = dir.write("plain", content);
    const auto out = dir / "compressed";
    EXPECT_EQ(std::system((GetParam() + (" -c " + plain) + " >" + out).c_str()), 0);
    return base::read_file(out, 64 * kMiB).value();
  }

  void write(const std::string& bytes) const { dir.write(fs::path(path()).filename(), bytes); }
  void append(const std::string& bytes) const { dir.append(fs::path(path()).filename(), bytes); }

  [[nodiscard]] std::unique_ptr<Decompressed> open() const {
    auto opened = Decompressed::open(path());
    EXPECT_TRUE(opened) << opened.error().what;
    return opened ? std::move(*opened) : nullptr;
  }

  static std::string read(Decompressed& file, std::uint64_t offset, std::size_t size) {
    std::string out(size, '\0');
    const auto got = file.read(out, offset);
    out.resize(got.value_or(0));
    return out;
  }

  test::TempDir dir;
};
INSTANTIATE_TEST_SUITE_P(Both, DecompressedTest, testing::Values("gzip", "zstd"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(DecompressedTest, IsReadFromBeginningToEnd) {
  const auto content = lines(5 * kMiB);
  write(compressed(content));
  const auto file = open();
  std::string all;
  for (std::string part = read(*file, 0, 100'000); !part.empty(); part = read(*file, all.size(), 100'000))
    all += part;
  EXPECT_TRUE(all == content);
  EXPECT_TRUE(file->end());
}

TEST_P(DecompressedTest, AReadThatAsksForMoreThanThereIsEndsShort) {
  write(compressed("one\ntwo\n"));
  const auto file = open();
  EXPECT_EQ(read(*file, 4, 100), "two\n");
  std::string none(10, '\0');
  EXPECT_EQ(file->read(none, 8).value(), 0U);
  EXPECT_EQ(file->read(none, 800).value(), 0U);
}

TEST_P(DecompressedTest, AnEmptyContentIsWhole) {
  write(compressed(""));
  const auto file = open();
  EXPECT_EQ(read(*file, 0, 10), "");
  EXPECT_TRUE(file->end());
}

TEST_P(DecompressedTest, AnyOffsetMayBeReadInAnyOrder) {
  const auto content = lines(6 * kMiB);
  write(compressed(content));
  const auto file = open();
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    const auto offset = random() % content.size();
    const auto size = 1 + random() % 300'000;
    ASSERT_TRUE(read(*file, offset, size) == content.substr(offset, size)) << offset << " " << size;
  }
}

TEST_P(DecompressedTest, AReadMayBeLargerThanWhatIsKept) {
  const auto content = lines(6 * kMiB);
  write(compressed(content));
  EXPECT_TRUE(read(*open(), 10, content.size()) == content.substr(10));
}

TEST_P(DecompressedTest, GoesToAFarOffsetInBoundedSteps) {
  const auto content = lines(20 * kMiB);
  write(compressed(content));
  const auto file = open();
  int steps = 1;
  while (!file->advance(content.size() - 5).value()) ++steps;
  EXPECT_GE(steps, 20);
  EXPECT_EQ(read(*file, content.size() - 5, 100), "hers\n");
  EXPECT_FALSE(file->advance(15 * kMiB).value()) << "too far back for what is kept";
  EXPECT_TRUE(file->advance(100).value()) << "the beginning is kept";
}

TEST_P(DecompressedTest, AnOffsetBehindTheEndIsReachedAsFarAsItGoes) {
  write(compressed("one\n"));
  EXPECT_TRUE(open()->advance(1000).value());
}

TEST_P(DecompressedTest, PartsCompressedOneByOneAndJoinedAreOneContent) {
  write(compressed("one\n") + compressed("") + compressed("two\n") + compressed(lines(kMiB)));
  const auto file = open();
  EXPECT_TRUE(read(*file, 0, 2 * kMiB) == "one\ntwo\n" + lines(kMiB));
  EXPECT_TRUE(file->end());
}

TEST_P(DecompressedTest, AFileThatIsWrittenStillEndsEarlyAndGoesOnLater) {
  const auto content = lines(3 * kMiB);
  const auto bytes = compressed(content);
  write("");
  const auto file = open();
  std::string all;
  std::string buffer(kMiB, '\0');
  for (std::size_t from = 0; from < bytes.size(); from += 10'000) {
    for (int look = 0; look < 20; ++look) {  // each without anything new but the first
      const auto got = file->read(buffer, all.size());
      if (got)
        all += buffer.substr(0, *got);
      else
        ASSERT_EQ(got.error().code, base::Code::kBusy) << got.error().what;
    }
    ASSERT_EQ(file->end().error().code, base::Code::kBusy);
    ASSERT_TRUE(content.starts_with(all));
    append(bytes.substr(from, 10'000));
  }
  while (const auto got = file->read(buffer, all.size()).value_or(0)) all += buffer.substr(0, got);
  EXPECT_TRUE(all == content);
  EXPECT_TRUE(file->end());
}

TEST_P(DecompressedTest, OfAFileCutOffWhatWasKeptIsReadAndTheEndIsTold) {
  const auto content = lines(3 * kMiB);
  const auto bytes = compressed(content);
  write(bytes.substr(0, bytes.size() / 2));
  const auto file = open();
  const auto part = read(*file, 0, content.size());
  EXPECT_GT(part.size(), kMiB);
  EXPECT_TRUE(content.starts_with(part));
  std::string more(10, '\0');
  EXPECT_EQ(file->read(more, part.size()).error().what,
            "ends early, after " + std::to_string(part.size()) + " bytes of its content");
}

TEST_P(DecompressedTest, OfADamagedFileWhatStandsBeforeIsReadAndTheDamageIsTold) {
  const auto content = lines(3 * kMiB);
  auto bytes = compressed(content);
  bytes.replace(bytes.size() / 2, 64, std::string(64, '\xff'));
  write(bytes);
  const auto file = open();
  const auto part = read(*file, 0, content.size());
  EXPECT_GT(part.size(), kMiB / 2);
  EXPECT_LT(part.size(), content.size());
  EXPECT_TRUE(content.starts_with(part.substr(0, kMiB / 2)));
  std::string more(10, '\0');
  const auto failed = file->read(more, part.size());
  EXPECT_EQ(failed.error().code, base::Code::kInvalid);
  EXPECT_THAT(failed.error().what,
              testing::StartsWith("damaged after " + std::to_string(part.size()) + " bytes"));
  EXPECT_TRUE(read(*file, 0, kMiB) == part.substr(0, kMiB)) << "and may be read again";
}

TEST_P(DecompressedTest, AWrongChecksumIsDamage) {
  auto bytes = compressed("one\ntwo\n");
  bytes[bytes.size() - (gzip() ? 8 : 1)] ^= 1;
  write(bytes);
  const auto file = open();
  read(*file, 0, 100);
  EXPECT_EQ(file->end().error().code, base::Code::kInvalid);
}

TEST_P(DecompressedTest, AFileThatIsNotCompressedDespiteItsNameIsDamaged) {
  write("just lines\nof text\n");
  const auto file = open();
  std::string bytes(10, '\0');
  EXPECT_EQ(file->read(bytes, 0).error().code, base::Code::kInvalid);
}

// 1 GiB of zeros in 1 MiB or less: the memory of the whole process may grow by a fraction of it.
TEST_P(DecompressedTest, MemoryDoesNotGrowWithTheContent) {
  const std::string zeros(8 * kMiB, '\0');
  const auto once = compressed(zeros);
  std::string bomb;
  for (int i = 0; i < 128; ++i) bomb += once;
  write(bomb);
  ASSERT_LT(bomb.size(), 2 * kMiB);
  const auto peak_kib = [] {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
  };
  const auto file = open();
  read(*file, 0, kMiB);
  const auto before = peak_kib();
  while (!file->advance(128 * zeros.size()).value()) {
  }
  EXPECT_LT(peak_kib() - before, 16 * 1024);
  EXPECT_EQ(read(*file, 128 * zeros.size() - 1, 10), std::string(1, '\0'));
}

TEST(OpenDecompressed, TellsWhatCannotBeRead) {
  const test::TempDir dir;
  EXPECT_EQ(Decompressed::open(dir / "none.gz").error().code, base::Code::kNotFound);
  EXPECT_EQ(Decompressed::open(dir.write("app.log.xz", "")).error().what, "neither .gz nor .zst");
  ASSERT_EQ(::mkfifo((dir / "pipe.gz").c_str(), 0600), 0);
  EXPECT_EQ(Decompressed::open(dir / "pipe.gz").error().what, "not a regular file");
}

TEST(OpenDecompressed, KnowsWhichFileItOpened) {
  const test::TempDir dir;
  const auto path = dir.write("a.gz", "");
  EXPECT_EQ((*Decompressed::open(path))->stat()->id, stat_file(path)->id);
}

}  // namespace
}  // namespace dingtail::tail
