#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "tailer_fixture.h"

namespace dingtail::tail {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;
namespace fs = std::filesystem;

class RotationTest : public TailerTest {
 protected:
  // As logrotate does: gzip keeps the time of the last write, and takes the name away.
  void gzip(const std::string& name) const {
    ASSERT_EQ(std::system(("gzip " + (dir / ("logs/" + name))).c_str()), 0);
    ASSERT_FALSE(fs::exists(dir / ("logs/" + name)));
  }
  void rename(const std::string& from, const std::string& to) const {
    fs::rename(dir / ("logs/" + from), dir / ("logs/" + to));
  }
  // Stops with everything that is known now; what follows happens while stopped.
  void stop() {
    stopped = saved();
    tailer.reset();
  }
  void restart() { start(stopped); }
  // Two sweeps after it was used last, a file holds no descriptor.
  void close_idle() {
    EXPECT_THAT(read(61s), IsEmpty());
    EXPECT_THAT(read(61s), IsEmpty());
  }

  TailState stopped;
};

TEST_F(RotationTest, AFileCompressedWhileStoppedIsReadFromItsPosition) {
  dir.write("logs/a.log", "1\n2\n");
  EXPECT_THAT(read(), ElementsAre("1", "2"));
  stop();
  dir.append("logs/a.log", "3\n");
  rename("a.log", "a.log.1");
  gzip("a.log.1");
  dir.write("logs/a.log", "4\n");
  restart();
  EXPECT_THAT(read(), ElementsAre("3", "4"));
  stop();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(RotationTest, ZstandardTooAndAllThatWasRotatedMeanwhileTheOldestFirst) {
  dir.write("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
  stop();
  dir.append("logs/a.log", "2\n");
  ASSERT_EQ(
      std::system(
          ("zstd -q --rm -o " + (dir / "logs/a.log-20261120.zst") + " " + (dir / "logs/a.log")).c_str()),
      0);
  dir.write("logs/a.log", "3\n");
  rename("a.log", "a.log-20261121");
  gzip("a.log-20261121");
  dir.write("logs/a.log", "4\n");
  rename("a.log", "a.log-20261122");
  dir.write("logs/a.log", "5\n");
  restart();
  EXPECT_THAT(read(), ElementsAre("2", "3", "4", "5"));
}

TEST_F(RotationTest, ManyRotationsWithDelayedCompressionWhileStopped) {
  for (int rotations = 0; rotations <= 5; ++rotations) {
    const std::string log = "k" + std::to_string(rotations) + ".log";
    dir.write("logs/" + log, "banner that all generations have\nfirst of " + log + "\n");
    read();
    stop();
    std::vector<std::string> written;
    const auto line = [&](int generation) {
      written.push_back("line of generation " + std::to_string(generation));
      return written.back() + "\n";
    };
    dir.append("logs/" + log, line(0));
    for (int i = 1; i <= rotations; ++i) {
      for (int n = 7; n >= 2; --n)
        if (const auto from = log + "." + std::to_string(n) + ".gz"; fs::exists(dir / ("logs/" + from)))
          rename(from, log + "." + std::to_string(n + 1) + ".gz");
      if (fs::exists(dir / ("logs/" + log + ".1"))) {
        rename(log + ".1", log + ".2");
        gzip(log + ".2");
      }
      rename(log, log + ".1");
      dir.write("logs/" + log, "banner that all generations have\n" + line(i));
    }
    restart();
    auto records = read();
    std::erase(records, "banner that all generations have");
    EXPECT_EQ(records, written) << rotations << " rotations";
  }
  stop();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(RotationTest, WhatWasReadAndCompressedBeforeIsNotReadAgain) {
  dir.write("logs/a.log", "1\n");
  read();
  rename("a.log", "a.log.1");
  dir.write("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
  read(11s);
  gzip("a.log.1");
  EXPECT_THAT(read(61s), IsEmpty());
  stop();
  rename("a.log.1.gz", "a.log.2.gz");
  rename("a.log", "a.log.1");
  dir.write("logs/a.log", "3\n");
  restart();
  EXPECT_THAT(read(), ElementsAre("3"));
}

TEST_F(RotationTest, AnImmediatelyCompressedFileIsNotReadTwiceWhileRunning) {
  dir.write("logs/a.log", "1\n");
  read();
  dir.append("logs/a.log", "2\n");
  rename("a.log", "a.log.1");
  gzip("a.log.1");
  dir.write("logs/a.log", "3\n");
  EXPECT_THAT(read(), ElementsAre("2", "3"));
  EXPECT_THAT(read(61s), IsEmpty());
}

TEST_F(RotationTest, SeveralCopytruncatesWhileStoppedLoseNothing) {
  dir.write("logs/a.log", "1\n");
  read();
  stop();
  dir.append("logs/a.log", "2\n");
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.2");
  dir.write("logs/a.log", "3\n3\n3\n");
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "4\n");
  restart();
  EXPECT_THAT(read(), UnorderedElementsAre("2", "3", "3", "3", "4"));
  stop();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(RotationTest, AFileThatWasEmptyAtTheLastStopAndIsCopytruncatedBeforeItIsReadLosesNothing) {
  dir.write("logs/a.log", "");
  read();
  stop();
  dir.write("logs/a.log", "1\n2\n");
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  restart();
  dir.write("logs/a.log", "");
  EXPECT_THAT(read(), ElementsAre("1", "2"));
  stop();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(RotationTest, WhatShredWritesIsNoLogAndItsFileIsReadOnCompressed) {
  dir.write("logs/a.log", "1\n2\n");
  EXPECT_THAT(read(), ElementsAre("1", "2"));
  dir.append("logs/a.log", "3\n");
  rename("a.log", "a.log.1");
  fs::copy_file(dir / "logs/a.log.1", dir / "whole");
  ASSERT_EQ(std::system(("gzip -kc " + (dir / "whole") + " > " + (dir / "logs/a.log.1.gz")).c_str()), 0);
  dir.write("logs/a.log", "4\n");
  for (const auto* pass : {"x\nxx\nxxxxxxxx\n", "yyyyyyyyyyyyyy\n", ""}) {
    std::ofstream(dir / "logs/a.log.1", std::ios::in | std::ios::out) << pass;
    if (*pass == 0) fs::resize_file(dir / "logs/a.log.1", 0);
    EXPECT_THAT(read(), testing::Each(testing::AnyOf("4")));
  }
  fs::remove(dir / "logs/a.log.1");
  EXPECT_THAT(read(), ElementsAre("3"));
  EXPECT_THAT(read(61s), IsEmpty());
  stop();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(RotationTest, AFileThatWasTruncatedAndFilledAnewBeforeItWasRenamedIsReadAnew) {
  for (const std::string more : {"", "5\n"}) {
    dir.write("logs/a.log", "1\n");
    EXPECT_THAT(read(), ElementsAre("1"));
    stop();
    dir.write("logs/a.log", "4\n" + more);
    rename("a.log", "a.log.1");
    restart();
    EXPECT_THAT(read(), SizeIs(more.empty() ? 1 : 2));
    fs::remove(dir / "logs/a.log.1");
    read(61s);
  }
}

TEST_F(RotationTest, WhatOnlyBeganAsItsPredecessorIsReadOnWhenItWasCompressedWhileStopped) {
  const std::string header = "#" + std::string(1500, 'h') + "\n";
  dir.write("logs/a.log", header + "1\n");
  EXPECT_THAT(read(), SizeIs(2));
  rename("a.log", "a.log.2");
  dir.write("logs/a.log.1", header);
  dir.write("logs/a.log", "");
  read();
  dir.append("logs/a.log.1", "2\n");
  dir.write("logs/other.log.1", "3\n");
  loop_events();
  now.mono += 1s;
  tailer->read(now, 1, [](const Block&) {});  // the directory is listed; what grew waits for the next look
  stop();
  gzip("a.log.1");
  restart();
  EXPECT_THAT(read(), Contains("2"));
  EXPECT_THAT(read(61s), IsEmpty());
}

TEST_F(RotationTest, AFileThatGotItsNameBackIsOneThatIsRotatedForTheFirstTime) {
  dir.write("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
  rename("a.log", "a.log.1");
  EXPECT_THAT(read(), IsEmpty());
  rename("a.log.1", "a.log");
  EXPECT_THAT(read(), IsEmpty());
  close_idle();
  dir.write("logs/a.log", "2\n");
  rename("a.log", "a.log.1");
  EXPECT_THAT(read(), ElementsAre("2"));
}

TEST_F(RotationTest, AFileFilledAnewIsReadAnewWhileItIsCompressed) {
  dir.write("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
  dir.write("logs/a.log", "2\n");
  rename("a.log", "a.log.1");
  dir.write("logs/a.log.1.gz", "");
  EXPECT_THAT(read(), ElementsAre("2"));
  fs::remove(dir / "logs/a.log.1.gz");
  gzip("a.log.1");
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(RotationTest, ARotatedFileThatItsWriterTruncatesIsReadAnew) {
  dir.write("logs/a.log", "1\n2\n3\n");
  EXPECT_THAT(read(), SizeIs(3));
  rename("a.log", "a.log.1");
  EXPECT_THAT(read(), IsEmpty());
  fs::resize_file(dir / "logs/a.log.1", 0);
  EXPECT_THAT(read(), IsEmpty());
  dir.append("logs/a.log.1", "4\n");
  EXPECT_THAT(read(), ElementsAre("4"));
}

TEST_F(RotationTest, ACopyThatIsCompressedHoldsUpNothing) {
  dir.write("logs/a.log", "1\n");
  read();
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  ASSERT_THAT(read(), IsEmpty());
  gzip("a.log.1");
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
}

// All descriptors that there are but a few.
class FewDescriptors {
 public:
  explicit FewDescriptors(std::size_t left) {
    base::Fd fd;
    while ((fd = base::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)))) taken_.push_back(std::move(fd));
    taken_.resize(taken_.size() - std::min(left, taken_.size()));
  }

 private:
  std::vector<base::Fd> taken_;
};

TEST_F(RotationTest, WhatWasReadOfAFileThatIsGoneOutlivesACrashWhileItIsSought) {
  dir.write("logs/a.log", "1\n");
  read();
  stop();
  restart();
  dir.append("logs/a.log", "2\n");
  ASSERT_THAT(read(), ElementsAre("2"));
  read(61s);  // until its descriptor is given back
  read(61s);
  for (const auto* name : {"a.log.2", "a.log.3", "a.log.4"}) dir.write("logs/" + std::string(name), name);
  rename("a.log", "a.log.1");
  gzip("a.log.1");
  loop_events();
  now.mono += 100ms;
  const rlimit few{64, 64};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  {
    const FewDescriptors two(2);
    tailer->read(now, 1 << 20, [](const Block&) { FAIL() << "it was found"; });
  }
  stop();
  restart();
  EXPECT_THAT(read(), Not(Contains("2")));
}

TEST_F(RotationTest, OldCopiesThatTheStateNeverKnewAreNotRead) {
  dir.write("logs/a.log.1", "ancient\n");
  dir.write("logs/a.log.2", "more ancient\n");
  dir.write("logs/a.log", "1\n");
  read();
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.0");
  dir.write("logs/a.log", "");
  EXPECT_THAT(read(), IsEmpty());
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
}

TEST_F(RotationTest, ADaemonThatNeverReopensItsLogIsFollowedUnderTheNewName) {
  dir.write("logs/a.log", "1\n");
  read();
  rename("a.log", "a.log.1");
  dir.write("logs/a.log", "");
  read(11s);
  read(3h);
  dir.append("logs/a.log.1", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
  rename("a.log.1", "a.log.2");
  read();
  dir.append("logs/a.log.2", "3\n");
  EXPECT_THAT(read(), ElementsAre("3"));
  stop();
  dir.append("logs/a.log.2", "4\n");
  restart();
  EXPECT_THAT(read(), ElementsAre("4"));
}

TEST_F(RotationTest, ARotatedFileThatWasReadToItsEndIsLeftAlone) {
  dir.write("logs/a.log", "1\n");
  read();
  read(61s);
  read(61s);  // idle: its descriptor is closed
  rename("a.log", "a.log.1");
  dir.write("logs/a.log", "2\n");
  read();
  read(11s);
  read(1s);
  EXPECT_GT(tailer->next_deadline(), now.mono + 30s) << "only the sweep is left to do";
}

TEST_F(RotationTest, ALinkThatIsSetToAnotherFileLeavesNothingUnreadInTheFormerOne) {
  dir.write("other/one", "1\n");
  fs::create_symlink(dir / "other/one", dir / "logs/a.log");
  EXPECT_THAT(read(), ElementsAre("1"));
  dir.append("other/one", "2\n");
  dir.write("other/two", "3\n");
  fs::remove(dir / "logs/a.log");
  fs::create_symlink(dir / "other/two", dir / "logs/a.log");
  EXPECT_THAT(read(), ElementsAre("2", "3"));
}

TEST_F(RotationTest, AFileThatWasRotatedBeforeItWasEverSeenIsRead) {
  read();
  dir.write("logs/new.log", "1\n");
  rename("new.log", "new.log.1");
  EXPECT_THAT(read(), ElementsAre("1"));
  stop();
  dir.write("logs/other.log", "2\n");
  rename("other.log", "other.log-20261122");
  gzip("other.log-20261122");
  restart();
  EXPECT_THAT(read(), ElementsAre("2"));
}

TEST_F(RotationTest, ACopyThatWasReadAndIsCompressedWhileStoppedIsNotReadAgain) {
  dir.write("logs/a.log", "1\n");
  read();
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "");
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
  read(11s);
  stop();
  fs::remove(dir / "logs/a.log");
  gzip("a.log.1");
  restart();
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(RotationTest, ACompressedFileIsReadOnlyWhenItsOriginalIsGone) {
  dir.write("logs/a.log", "1\n");
  read();
  stop();
  dir.append("logs/a.log", "2\n");
  rename("a.log", "a.log.1");
  ASSERT_EQ(std::system(("gzip -k " + (dir / "logs/a.log.1")).c_str()), 0);
  fs::resize_file(dir / "logs/a.log.1.gz", 10);
  restart();
  EXPECT_THAT(read(), ElementsAre("2"));
  EXPECT_THAT(read(61s), IsEmpty());
  fs::remove(dir / "logs/a.log.1.gz");
  gzip("a.log.1");
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_THAT(read(61s), IsEmpty());
}

TEST_F(RotationTest, AFileDeletedWhileStoppedIsInTheLedger) {
  dir.write("logs/a.log", "1\n2\n");
  read();
  stop();
  dir.append("logs/a.log", "3\n");
  fs::remove(dir / "logs/a.log");
  restart();
  EXPECT_THAT(read(), IsEmpty());
  stop();
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_EQ(losses[0].path, dir / "logs/a.log");
  EXPECT_THAT(losses[0].reason, HasSubstr("deleted while the agent was down"));
  EXPECT_FALSE(losses[0].suspected);
  restart();
  stop();
  EXPECT_THAT(losses, SizeIs(1)) << "told once";
}

TEST_F(RotationTest, ADirectoryDeletedWhileStoppedIsInTheLedger) {
  source.paths = {dir / "logs/*/*.log"};
  start();
  fs::create_directories(dir / "logs/pod");
  dir.write("logs/pod/a.log", "1\n");
  EXPECT_THAT(read(61s), ElementsAre("1"));
  stop();
  dir.append("logs/pod/a.log", "2\n");
  fs::remove_all(dir / "logs/pod");
  restart();
  EXPECT_THAT(read(), IsEmpty());
  stop();
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_THAT(losses.at(0).reason, HasSubstr("deleted while the agent was down"));
}

// Of a file that holds no descriptor, events alone tell what was written just before it went.
class DeletedUnreadTest : public RotationTest {
 protected:
  DeletedUnreadTest() {
    dir.write("logs/a.log", "1\n");
    EXPECT_THAT(read(), ElementsAre("1"));
    close_idle();
  }
  void then_deleted() {
    fs::remove(dir / "logs/a.log");
    EXPECT_THAT(read(), IsEmpty());
    stop();
  }
};

TEST_F(DeletedUnreadTest, WhatWasWrittenAfterItsRightsWereChangedMayBeLost) {
  fs::permissions(dir / "logs/a.log", fs::perms::owner_all);
  dir.append("logs/a.log", "2\n");
  then_deleted();
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_TRUE(losses[0].suspected);
}

TEST_F(DeletedUnreadTest, WhatItsWriterWroteAfterwardsMayBeLost) {
  std::ofstream writer(dir / "logs/a.log", std::ios::app);
  fs::remove(dir / "logs/a.log");
  writer << "2\n" << std::flush;
  EXPECT_THAT(read(), IsEmpty());
  stop();
  EXPECT_THAT(losses, SizeIs(1));
}

TEST_F(DeletedUnreadTest, WhatItsWriterWroteUnderItsNewNameMayBeLost) {
  std::ofstream writer(dir / "logs/a.log", std::ios::app);
  rename("a.log", "a.log.1");
  writer << "2\n" << std::flush;
  fs::remove(dir / "logs/a.log.1");
  EXPECT_THAT(read(), IsEmpty());
  stop();
  EXPECT_THAT(losses, SizeIs(1));
}

TEST_F(DeletedUnreadTest, WithoutAWriteNothingIsLost) {
  fs::permissions(dir / "logs/a.log", fs::perms::owner_all);
  then_deleted();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(RotationTest, WhatALinksOldTargetGotBeforeItWasDeletedMayBeLost) {
  dir.write("targets/0", "1\n");
  dir.write("targets/1", "");
  fs::create_symlink(dir / "targets/0", dir / "logs/a.log");
  EXPECT_THAT(read(), ElementsAre("1"));
  close_idle();
  fs::create_symlink(dir / "targets/1", dir / "logs/new");
  rename("new", "a.log");
  dir.append("targets/0", "2\n");
  fs::remove(dir / "targets/0");
  EXPECT_THAT(read(), IsEmpty());
  stop();
  EXPECT_THAT(losses, SizeIs(1));
}

TEST_F(DeletedUnreadTest, WhatIsWrittenToItsSuccessorIsNotLost) {
  fs::remove(dir / "logs/a.log");
  dir.write("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
  stop();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(RotationTest, ADirectoryDeletedWithAFileThatHeldNoDescriptorIsInTheLedger) {
  source.paths = {dir / "logs/*/*.log"};
  start();
  fs::create_directories(dir / "logs/pod");
  dir.write("logs/pod/a.log", "1\n");
  EXPECT_THAT(read(61s), ElementsAre("1"));
  close_idle();
  dir.append("logs/pod/a.log", "2\n");
  fs::remove_all(dir / "logs/pod");
  EXPECT_THAT(read(61s), IsEmpty());
  stop();
  EXPECT_THAT(losses, SizeIs(1));
}

// As a bind mount that is away at a start: its mount point is an empty directory of the same file system.
TEST_F(RotationTest, AFileThatComesBackAfterItWasTakenForDeletedIsNotReadAgain) {
  dir.write("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
  stop();
  fs::rename(dir / "logs/a.log", dir / "kept");
  restart();
  EXPECT_THAT(read(), IsEmpty());
  stop();
  EXPECT_THAT(losses, SizeIs(1));
  restart();
  EXPECT_THAT(read(), IsEmpty());
  fs::rename(dir / "kept", dir / "logs/a.log");
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
  stop();
  EXPECT_THAT(losses, SizeIs(1)) << "told once";
}

TEST_F(RotationTest, OfFilesThatAreGoneFewAreRemembered) {
  std::size_t most = 0;
  for (int i = 0; i < 3; ++i) {
    for (int file = 0; file < 400; ++file) dir.write("logs/" + std::to_string(file) + ".log", "1\n");
    for (int turn = 0; turn < 3; ++turn) read(1s);
    stop();
    fs::remove_all(dir / "logs");
    restart();
    read(61s);
    stop();
    most = std::max(most, stopped.files.size());
    restart();
  }
  EXPECT_GT(most, 0U);
  EXPECT_LT(most, 400U);
}

TEST_F(RotationTest, ARotatedFileThatWasReadToItsEndMayGoAwayUnheard) {
  dir.write("logs/a.log", "1\n");
  read();
  rename("a.log", "a.log.1");
  dir.write("logs/a.log", "2\n");
  read();
  read(11s);
  stop();
  fs::remove(dir / "logs/a.log.1");
  restart();
  read();
  stop();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(RotationTest, ATruncationBeforeAllWasReadIsInTheLedgerWithTheBytes) {
  constexpr std::size_t kLines = 20'000;
  std::string text;
  for (std::size_t i = 0; i < kLines; ++i) text += "a line of just 32 bytes, like it\n";
  dir.write("logs/a.log", text);
  loop_events();
  now.mono += 1s;
  std::size_t bytes = 0;
  while (bytes == 0) tailer->read(now, 1, [&](const Block& block) { bytes += block.bytes.size(); });
  ASSERT_LT(bytes, text.size()) << "one buffer of it was read";
  dir.write("logs/a.log", "");
  EXPECT_THAT(read(), IsEmpty());
  stop();
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_EQ(losses[0].bytes, text.size() - bytes);
  EXPECT_EQ(losses[0].reason, "truncated before it was read");
  EXPECT_FALSE(losses[0].suspected);
}

TEST_F(RotationTest, WhatReplacedTheContentWhileStoppedIsNotCountedAsLost) {
  dir.write("logs/a.log", "1\n");
  read();
  stop();
  dir.write("logs/a.log", "another 2\n");
  restart();
  EXPECT_THAT(read(), ElementsAre("another 2"));
  stop();
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_EQ(losses[0].bytes, 0U);
  EXPECT_TRUE(losses[0].suspected);
}

TEST_F(RotationTest, ATruncationAfterAllWasReadIsNoCauseForAlarm) {
  dir.write("logs/a.log", "1\n");
  read();
  dir.write("logs/a.log", "");
  read();
  stop();
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_TRUE(losses[0].suspected);
}

TEST_F(RotationTest, ACopytruncateLeavesNothingInTheLedger) {
  dir.write("logs/a.log", "1\n");
  read();
  dir.append("logs/a.log", "2\n");
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "3\n");
  EXPECT_THAT(read(), UnorderedElementsAre("2", "3"));
  stop();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(RotationTest, ADamagedCompressedFileIsReadAsFarAsItGoesAndTheRestIsInTheLedger) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + "\n";
  dir.write("logs/a.log", "line 0\n");
  EXPECT_THAT(read(), SizeIs(1));
  stop();
  dir.write("logs/rest", text.substr(7));
  ASSERT_EQ(std::system(("cat " + (dir / "logs/rest") + " >> " + (dir / "logs/a.log")).c_str()), 0);
  rename("a.log", "a.log.1");
  gzip("a.log.1");
  fs::resize_file(dir / "logs/a.log.1.gz", fs::file_size(dir / "logs/a.log.1.gz") / 2);
  dir.write("logs/a.log", "new\n");
  restart();
  const auto records = read();
  EXPECT_GT(records.size(), 10'000U);
  EXPECT_LT(records.size(), 90'000U);
  EXPECT_EQ(records.front(), "line 1");
  read(11s);
  stop();
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_EQ(losses[0].path, dir / "logs/a.log.1.gz");
  EXPECT_THAT(losses[0].reason, HasSubstr("damaged"));
}

TEST_F(RotationTest, AfterALostStateFilesGoOnFromTheirEnd) {
  dir.write("logs/a.log", "1\n2\n");
  source.read_from = config::ReadFrom::kBeginning;
  TailState none;
  none.lost = true;
  start(none);
  EXPECT_THAT(read(), IsEmpty());
  dir.append("logs/a.log", "3\n");
  EXPECT_THAT(read(), ElementsAre("3"));
}

TEST_F(RotationTest, OfTwoFilesThatAreCopytruncatedTheNamesDoNotMix) {
  dir.write("logs/a.log", "a1\n");
  dir.write("logs/b.log", "b1\n");
  read();
  stop();
  dir.append("logs/a.log", "a2\n");
  dir.append("logs/b.log", "b2\n");
  for (const char* name : {"a.log", "b.log"}) {
    fs::copy_file(dir / (std::string("logs/") + name), dir / (std::string("logs/") + name + ".1"));
    dir.write(std::string("logs/") + name, "");
  }
  restart();
  EXPECT_THAT(read(), UnorderedElementsAre("a2", "b2"));
}

// An open record is carried over a rotation and a restart.
class MultilineTest : public RotationTest {
 protected:
  MultilineTest() {
    source.multiline.emplace();
    starts = [](std::string_view line) { return line.starts_with("#"); };
    start();
  }
  // Whole records.
  std::vector<std::string> records(base::Millis time = 100ms) { return read(time); }
};

TEST_F(MultilineTest, LinesJoinUntilTheNextRecordBeginsOrTheTimeoutPasses) {
  dir.write("logs/a.log", "#1\n a\n b\n#2\n");
  EXPECT_THAT(records(), ElementsAre("#1\n a\n b"));
  EXPECT_THAT(records(1s), IsEmpty());
  EXPECT_THAT(records(2s), ElementsAre("#2"));
  dir.append("logs/a.log", " late\n");
  EXPECT_THAT(records(), IsEmpty());
  EXPECT_THAT(records(3s), ElementsAre(" late"));
}

TEST_F(MultilineTest, ALineThatCameJustBeforeTheTimeoutWasSeenStillJoins) {
  dir.write("logs/a.log", "#1\n");
  EXPECT_THAT(records(), IsEmpty());
  dir.append("logs/a.log", " more\n");
  now.mono += 1h;  // as after a SIGSTOP: the event waits, and the timeout has passed
  std::vector<std::string> seen;
  tailer->read(now, 1 << 20, [&](const Block& block) { seen.emplace_back(block.bytes); });
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_THAT(records(3s), ElementsAre("#1\n more"));
}

TEST_F(MultilineTest, AnOpenRecordIsReadAgainAfterARestart) {
  dir.write("logs/a.log", "#0\n#1\n a\n");
  EXPECT_THAT(records(), ElementsAre("#0"));
  stop();
  EXPECT_EQ(stopped.files.at(0).position, 3U) << "not inside the open record";
  dir.append("logs/a.log", " b\n#2\n");
  restart();
  EXPECT_THAT(records(), ElementsAre("#1\n a\n b"));
}

TEST_F(MultilineTest, AnOpenRecordIsCarriedOverARotation) {
  dir.write("logs/a.log", "#0\n#1\n a\n");
  EXPECT_THAT(records(), ElementsAre("#0"));
  rename("a.log", "a.log.1");
  dir.write("logs/a.log", " b\n#2\n");
  EXPECT_THAT(records(), ElementsAre("#1\n a\n b"));
}

TEST_F(MultilineTest, AnOpenRecordIsCarriedOverARotationAndARestart) {
  dir.write("logs/a.log", "#0\n#1\n a\n");
  EXPECT_THAT(records(), ElementsAre("#0"));
  rename("a.log", "a.log.1");
  dir.write("logs/a.log", " b\n");
  EXPECT_THAT(records(), IsEmpty());
  stop();
  dir.append("logs/a.log", "#2\n");
  restart();
  EXPECT_THAT(records(), ElementsAre("#1\n a\n b"));
  EXPECT_THAT(records(3s), ElementsAre("#2"));
}

TEST_F(MultilineTest, AnOpenRecordIsCarriedOverARotationAndAReload) {
  dir.write("logs/a.log", "#1\n");
  EXPECT_THAT(records(), IsEmpty());
  rename("a.log", "a.log.1");
  dir.write("logs/a.log", " a\n");
  EXPECT_THAT(records(), IsEmpty());
  follow();
  dir.append("logs/a.log", " b\n#2\n");
  EXPECT_THAT(records(), ElementsAre("#1\n a\n b"));
}

TEST_F(MultilineTest, ACopytruncateWithAnOpenRecordRepeatsNothing) {
  dir.write("logs/a.log", "#0\n#1\n a\n");
  EXPECT_THAT(records(), ElementsAre("#0"));
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "#2\n");
  EXPECT_THAT(records(), ElementsAre("#1\n a"));
  EXPECT_THAT(records(3s), ElementsAre("#2"));
  EXPECT_THAT(records(61s), IsEmpty());
}

TEST_F(MultilineTest, AnOpenRecordGoesOnInWhatItsFileWasCompressedTo) {
  source.multiline->timeout = 1h;
  start();
  dir.write("logs/a.log", "#0\n#1\n a\n");
  EXPECT_THAT(records(), ElementsAre("#0"));
  close_idle();
  dir.append("logs/a.log", " b\n");
  rename("a.log", "a.log.1");
  gzip("a.log.1");
  dir.write("logs/a.log", " c\n#2\n");
  EXPECT_THAT(records(), ElementsAre("#1\n a\n b\n c"));
  stop();
  EXPECT_THAT(losses, IsEmpty());
}

TEST_F(MultilineTest, AnOpenRecordOfTwoFilesGoesOnInTheCopyOfTheSecond) {
  dir.write("logs/a.log", "#0\n#1\n");
  EXPECT_THAT(records(), ElementsAre("#0"));
  rename("a.log", "a.log.2");
  dir.write("logs/a.log", " a\n");
  EXPECT_THAT(records(), IsEmpty());
  dir.append("logs/a.log", " b\n");
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", " c\n#2\n");
  EXPECT_THAT(records(), ElementsAre("#1\n a\n b\n c"));
}

TEST_F(MultilineTest, AnOpenRecordOfAFileThatIsGoneIsToldAndNotCountedAsLost) {
  source.multiline->timeout = 1h;
  start();
  dir.write("logs/a.log", "#1\n a\n");
  EXPECT_THAT(records(), IsEmpty());
  close_idle();
  fs::remove(dir / "logs/a.log");
  EXPECT_THAT(records(1h), ElementsAre("#1\n a"));
  stop();
  for (const auto& loss : losses) EXPECT_EQ(loss.bytes, 0U) << loss.reason;
}

// Another file system stands at a directory's place for a while.
class AwayTest : public MultilineTest {
 protected:
  AwayTest() {
    source.paths = {dir / "logs/*.log", dir / "logs/disk/*.log"};
    source.multiline->timeout = 1h;
    start();
  }

  bool is_other_device() const {
    const auto here = stat_file(dir.path());
    const auto there = stat_file(elsewhere.path());
    return here && there && here->id.device != there->id.device;
  }
  void leave() const {
    rename("disk", "kept");
    fs::create_directory_symlink(elsewhere.path(), dir / "logs/disk");
  }
  void come_back() const {
    fs::remove(dir / "logs/disk");
    rename("kept", "disk");
  }

  test::TempDir elsewhere{"/dev/shm"};
};

TEST_F(AwayTest, AnOpenRecordIsReadAgainWhereItsFileWasAway) {
  if (!is_other_device()) GTEST_SKIP() << "/dev/shm is no file system of its own";
  dir.write("logs/disk/a.log", "#0\n#1\n a\n");
  EXPECT_THAT(records(), ElementsAre("#0"));
  close_idle();
  leave();
  EXPECT_THAT(records(61s), IsEmpty());
  EXPECT_EQ(lines.count("file-gone"), 1U) << "it was away";
  EXPECT_THAT(records(2h), IsEmpty()) << "the record is where its file is";
  come_back();
  dir.append("logs/disk/a.log", " b\n#2\n");
  EXPECT_THAT(records(61s), ElementsAre("#1\n a\n b"));
  EXPECT_THAT(records(2h), ElementsAre("#2"));
}

TEST_F(MultilineTest, ATruncationEndsTheOpenRecord) {
  dir.write("logs/a.log", "#0\n#1\n a\n");
  EXPECT_THAT(records(), ElementsAre("#0"));
  dir.write("logs/a.log", " b\n");
  EXPECT_THAT(records(), ElementsAre("#1\n a"));
}

TEST_F(MultilineTest, ALateWriterOfTheOldFileDoesNotMixWithTheNewFilesRecord) {
  dir.write("logs/a.log", "#1\n");
  read();
  rename("a.log", "a.log.1");
  dir.write("logs/a.log", "#2\n");
  EXPECT_THAT(records(), ElementsAre("#1"));
  dir.append("logs/a.log.1", " late\n");
  EXPECT_THAT(records(), ElementsAre("#2"));
  EXPECT_THAT(records(3s), ElementsAre(" late"));
}

TEST_F(TailerTest, AHoleIsPassedOverAndTheLineBehindItIsWhole) {
  dir.write("logs/a.log", "1\n");
  read();
  fs::resize_file(dir / "logs/a.log", 10ULL << 30U);
  EXPECT_THAT(read(), IsEmpty());
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
  EXPECT_LT(fs::file_size(dir / "logs/a.log"), (10ULL << 30U) + 100);
  dir.append("logs/a.log", "3\n");
  EXPECT_THAT(read(), ElementsAre("3"));
}

TEST_F(TailerTest, APartialLineBeforeAHoleIsARecord) {
  dir.write("logs/a.log", "1\npart");
  read();
  fs::resize_file(dir / "logs/a.log", 1ULL << 30U);
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("part", "2"));
}

TEST_F(TailerTest, AWriterThatGoesOnAtItsOldOffsetAfterATruncation) {
  const std::string path = dir.write("logs/a.log", std::string(8000, 'x') + "\n");
  EXPECT_THAT(read(), SizeIs(1));
  fs::resize_file(path, 0);
  fs::resize_file(path, 8001);
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

TEST_F(TailerTest, ManyFilesCostFewDescriptorsAndIdleOnesNone) {
  const auto before = open_descriptors();
  for (int i = 0; i < 500; ++i) dir.write("logs/" + std::to_string(i) + ".log", "1\n");
  EXPECT_THAT(read(1s), SizeIs(500));
  EXPECT_LE(open_descriptors(), before + 70);
  read(61s);
  read(61s);
  EXPECT_LE(open_descriptors(), before + 2);
  for (int i = 0; i < 500; ++i) dir.append("logs/" + std::to_string(i) + ".log", "2\n");
  EXPECT_THAT(read(61s), SizeIs(500));
}

TEST_F(TailerTest, AFileThatHeldNoDescriptorIsReadToItsEndAfterARotation) {
  dir.write("logs/a.log", "1\n");
  read();
  read(61s);
  read(61s);
  dir.append("logs/a.log", "2\n");
  rename((dir / "logs/a.log").c_str(), (dir / "logs/a.log.1").c_str());
  dir.write("logs/a.log", "3\n");
  EXPECT_THAT(read(), ElementsAre("2", "3"));
}

TEST_F(TailerTest, RecordsOverTheLimitAreInTheLedger) {
  source.max_record_bytes = 64;
  start();
  dir.write("logs/a.log", std::string(100, 'x') + "\nshort\n" + std::string(64, 'y') + "\n");
  EXPECT_THAT(read(), ElementsAre(std::string(64, 'x'), "short", std::string(64, 'y')));
  saved();
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_EQ(losses[0].bytes, 36U);
  EXPECT_THAT(losses[0].reason, HasSubstr("max_record"));
}

// What it has been silent for long enough is decided at a look; until the next may be, there is nothing to
// wake for.
TEST_F(RotationTest, AtTheEndOfItsSilenceARotatedFileWaitsForTheNextLook) {
  dir.write("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
  rename("a.log", "a.rotated");
  EXPECT_THAT(read(), IsEmpty());
  const auto silent_at = tailer->next_deadline();
  ASSERT_THAT(silent_at - now.mono, testing::AllOf(testing::Gt(8s), testing::Le(10s)));
  const auto ignore = [](const Block&) {};
  now.mono = silent_at - 1ms;
  dir.write("logs/b.log", "");
  loop_events();
  tailer->read(now, 1 << 20, ignore);  // looks, as a name is new
  now.mono = silent_at;
  tailer->read(now, 1 << 20, ignore);
  EXPECT_GT(tailer->next_deadline(), now.mono);
}

// As after a reboot: (device, inode, birth time) is another identity for every file, rotated ones too.
class RenumberedTest : public RotationTest {
 protected:
  void renumber(std::uint64_t by) {
    for (auto& file : stopped.files) {
      file.id.device += by;
      if (file.twin.device != 0) file.twin.device += by;
    }
  }
};

TEST_F(RenumberedTest, WhatWasRotatedBeforeAndMeanwhileIsReadFromItsPosition) {
  for (const auto* name : {"renamed", "compressed", "copied", "plain"})
    dir.write("logs/" + std::string(name) + ".log", name + std::string(" 1\n"));
  EXPECT_THAT(read(), SizeIs(4));
  rename("renamed.log", "renamed.log.1");
  dir.write("logs/renamed.log", "renamed 2\n");
  fs::copy_file(dir / "logs/copied.log", dir / "logs/copied.log.1");
  EXPECT_THAT(read(), ElementsAre("renamed 2"));
  stop();
  renumber(1);
  dir.append("logs/renamed.log.1", "renamed 1b\n");
  rename("renamed.log.1", "renamed.log.2");
  rename("renamed.log", "renamed.log.1");
  dir.write("logs/renamed.log", "renamed 3\n");
  dir.append("logs/compressed.log", "compressed 2\n");
  gzip("compressed.log");
  rename("compressed.log.gz", "compressed.log.1.gz");
  dir.write("logs/compressed.log", "compressed 3\n");
  dir.append("logs/copied.log", "copied 2\n");
  fs::copy_file(dir / "logs/copied.log", dir / "logs/copied.log.1", fs::copy_options::overwrite_existing);
  dir.write("logs/copied.log", "copied 3\n");
  restart();
  EXPECT_THAT(read(), UnorderedElementsAre("renamed 1b", "renamed 3", "compressed 2", "compressed 3",
                                           "copied 2", "copied 3"));
  stop();
  EXPECT_THAT(losses, IsEmpty());
  restart();  // the new numbers are what was kept
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(RenumberedTest, AnotherFileSystemAtTheSamePlaceIsNotTakenForIt) {
  dir.write("logs/a.log", "1\n");
  dir.write("logs/b.log", "1\n");
  EXPECT_THAT(read(), SizeIs(2));
  stop();
  renumber(1);
  for (auto& file : stopped.files) file.id.birth += 1;
  restart();
  EXPECT_THAT(read(), ElementsAre("1", "1"));
}

// Letting a file go looks for what else is gone from its directory.
TEST_F(RenumberedTest, WhatIsKnownOfAFileSystemThatIsAwayIsKeptWhateverIsLetGo) {
  dir.write("logs/a.log", "1\n");
  dir.write("logs/b.log", "1\n");
  EXPECT_THAT(read(), SizeIs(2));
  stop();
  renumber(1);
  for (auto& file : stopped.files) file.id.birth += 1;
  restart();
  read();
  source.paths = {dir / "logs/b.log"};
  follow();
  read();
  EXPECT_THAT(tailer->take_changes().erased, IsEmpty());
}

}  // namespace
}  // namespace dingtail::tail
