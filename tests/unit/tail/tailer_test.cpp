#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tailer_fixture.h"

namespace dingtail::tail {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
namespace fs = std::filesystem;

TEST_F(TailerTest, AFileThatAppearsIsReadFromItsBeginningAndThenFollowed) {
  dir.write("logs/a.log", "one\n");
  EXPECT_THAT(read(), ElementsAre("one"));
  dir.append("logs/a.log", "two\nthr");
  EXPECT_THAT(read(), ElementsAre("two"));
  dir.append("logs/a.log", "ee\n");
  EXPECT_THAT(read(), ElementsAre("three"));
}

TEST_F(TailerTest, AFilePresentAtFirstIsReadFromItsEndBehindTheLastWholeLine) {
  dir.write("logs/b.log", "old\npartial");
  source.paths = {dir / "logs/b.log"};
  start();
  EXPECT_THAT(read(), IsEmpty());
  dir.append("logs/b.log", " now whole\n");
  EXPECT_THAT(read(), ElementsAre("partial now whole"));
}

TEST_F(TailerTest, ReadFromBeginningReadsWhatIsThere) {
  dir.write("logs/b.log", "old\n");
  source.paths = {dir / "logs/b.log"};
  source.read_from = config::ReadFrom::kBeginning;
  start();
  EXPECT_THAT(read(), ElementsAre("old"));
}

TEST_F(TailerTest, ARenamedFileIsReadToItsEndBeforeItsSuccessor) {
  dir.write("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
  dir.append("logs/a.log", "2\n");
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "4\n");
  dir.append("logs/a.log.1", "3\n");
  EXPECT_THAT(read(), ElementsAre("2", "3", "4"));
}

TEST_F(TailerTest, AWriterMayKeepTheOldFileForAWhile) {
  dir.write("logs/a.log", "1\n");
  read();
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "new\n");
  EXPECT_THAT(read(), ElementsAre("new"));
  dir.append("logs/a.log.1", "late\n");
  EXPECT_THAT(read(30s), ElementsAre("late"));
}

// Rotates as logrotate does (".2" to ".3" …) and writes one line into the new file, without a look in
// between.
void rotate_quickly(const test::TempDir& dir, int first, int last) {
  for (int line = first; line <= last; ++line) {
    for (int n = 8; n > 0; --n)
      if (fs::exists(dir / ("logs/a.log." + std::to_string(n))))
        fs::rename(dir / ("logs/a.log." + std::to_string(n)), dir / ("logs/a.log." + std::to_string(n + 1)));
    fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
    dir.write("logs/a.log", std::to_string(line) + "\n");
  }
}

TEST_F(TailerTest, SeveralRotationsBetweenTwoLooksLoseNothing) {
  dir.write("logs/a.log", "0\n");
  EXPECT_THAT(read(), ElementsAre("0"));
  dir.append("logs/a.log", "1\n");
  rotate_quickly(dir, 2, 6);
  EXPECT_THAT(read(), ElementsAre("1", "2", "3", "4", "5", "6"));
}

TEST_F(TailerTest, SeveralRotationsWhileStoppedLoseNothing) {
  dir.write("logs/a.log", "0\n");
  EXPECT_THAT(read(), ElementsAre("0"));
  const auto state = saved();
  tailer.reset();
  dir.append("logs/a.log", "1\n");
  rotate_quickly(dir, 2, 6);
  start(state);
  EXPECT_THAT(read(), ElementsAre("1", "2", "3", "4", "5", "6"));
}

TEST_F(TailerTest, ACopyMadeByHandIsNotReadAgainAtARotation) {
  dir.write("logs/a.log", "0\n1\n");
  read();
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.saved");
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
}

TEST_F(TailerTest, AnEarlierCopyMadeByHandIsNotReadAgainEither) {
  dir.write("logs/a.log", "0\n1\n");
  read();
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.saved");
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "3\n");
  EXPECT_THAT(read(), ElementsAre("3"));
}

TEST_F(TailerTest, AnEarlierCopyMadeByHandIsNotReadAgainAfterARotationWhileStopped) {
  dir.write("logs/a.log", "0\n1\n");
  read();
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.saved");
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
  const auto state = saved();
  tailer.reset();
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "3\n");
  start(state);
  EXPECT_THAT(read(), ElementsAre("3"));
}

TEST_F(TailerTest, AFileReplacedByRenameIsDrainedAndTheNewOneReadFromItsBeginning) {
  dir.write("logs/a.log", "1\n");
  read();
  dir.append("logs/a.log", "2\n");
  dir.write("logs/fresh", "3\n");
  fs::rename(dir / "logs/fresh", dir / "logs/a.log");
  EXPECT_THAT(read(), ElementsAre("2", "3"));
}

TEST_F(TailerTest, ATruncatedFileIsReadFromItsBeginning) {
  dir.write("logs/a.log", "one\ntwo\n");
  read();
  dir.write("logs/a.log", "new\n");
  EXPECT_THAT(read(), ElementsAre("new"));
  EXPECT_EQ(lines.count("file-truncated"), 1U);
}

TEST_F(TailerTest, AFileTruncatedAndWrittenBeyondThePositionBehindTheAgentsBackIsReadAnew) {
  dir.write("logs/a.log", "one\ntwo\n");
  EXPECT_THAT(read(), ElementsAre("one", "two"));
  dir.write("logs/a.log", "three is longer\nthan what was there\n");
  EXPECT_THAT(read(), ElementsAre("three is longer", "than what was there"));
}

TEST_F(TailerTest, AFileWrittenAnewAtTheSameSizeIsReadAnew) {
  dir.write("logs/a.log", "one\ntwo\n");
  EXPECT_THAT(read(), ElementsAre("one", "two"));
  dir.write("logs/a.log", "ten\nsix\n");
  EXPECT_THAT(read(), ElementsAre("ten", "six"));
}

TEST_F(TailerTest, TheCopyOfACopytruncateIsDrainedBeforeTheNewContent) {
  dir.write("logs/a.log", "1\n2\n");
  EXPECT_THAT(read(), ElementsAre("1", "2"));
  dir.append("logs/a.log", "3\n4\n");  // not read yet
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  for (const std::string fresh : {"5\n", "5 which regrows beyond the old position\n"}) {
    SCOPED_TRACE(fresh);
    dir.write("logs/a.log", fresh);
    EXPECT_THAT(read(), ElementsAre("3", "4", fresh.substr(0, fresh.size() - 1)));
    fs::remove(dir / "logs/a.log.1");
    dir.write("logs/a.log", "1\n2\n");
    read(11s);
    dir.append("logs/a.log", "3\n4\n");
    fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  }
}

TEST_F(TailerTest, ACopytruncateWhileStoppedIsDrainedToo) {
  dir.write("logs/a.log", "1\n");
  read();
  const auto state = saved();
  tailer.reset();
  dir.append("logs/a.log", "2\n");
  fs::copy_file(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "3\n");
  start(state);
  EXPECT_THAT(read(), ElementsAre("2", "3"));
}

TEST_F(TailerTest, AFileWhoseIdentityChangedWhileStoppedIsKnownByItsContent) {
  dir.write("logs/a.log", "1\n2\n");
  read();
  auto state = saved();
  tailer.reset();
  for (auto& file : state.files) file.id.device += 1;  // numbered anew by a reboot
  dir.append("logs/a.log", "3\n");
  start(state);
  EXPECT_THAT(read(), ElementsAre("3"));
  EXPECT_EQ(tailer->take_changes().erased.size(), 1U);
}

TEST_F(TailerTest, OtherContentAtThePathAfterAStopIsAnotherFile) {
  dir.write("logs/a.log", "1\n2\n");
  read();
  const auto state = saved();
  tailer.reset();
  fs::remove(dir / "logs/a.log");
  dir.write("logs/b.log", "");  // takes the inode
  dir.write("logs/a.log", "1\nx\n3\n");
  start(state);
  EXPECT_THAT(read(), ElementsAre("1", "x", "3"));
}

TEST_F(TailerTest, FilesThatBeginAlikeAreKeptApart) {
  const std::string header(4096, '#');
  dir.write("logs/a.log", header + "\n1\n");
  dir.write("logs/b.log", header + "\n2\n");
  EXPECT_THAT(read(), ElementsAre(header, "1", header, "2"));
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", header + "\n3\n");
  EXPECT_THAT(read(), ElementsAre(header, "3"));
}

TEST_F(TailerTest, ATruncationIsPartOfTheStateEvenBeforeNewLinesCome) {
  dir.write("logs/a.log", "one\ntwo\n");
  read();
  saved();
  dir.write("logs/a.log", "");
  read();
  EXPECT_EQ(saved().files.at(0).position, 0U);
}

TEST_F(TailerTest, ThePartialLineOfADeletedFileIsARecord) {
  dir.write("logs/a.log", "1\nlast words");
  EXPECT_THAT(read(), ElementsAre("1"));
  fs::remove(dir / "logs/a.log");
  EXPECT_THAT(read(), ElementsAre("last words"));
}

TEST_F(TailerTest, AWriterMayGoOnInADeletedFile) {
  dir.write("logs/a.log", "1\n");
  std::ofstream writer(dir / "logs/a.log", std::ios::app);
  EXPECT_THAT(read(), ElementsAre("1"));
  fs::remove(dir / "logs/a.log");
  EXPECT_THAT(read(), IsEmpty());
  writer << "2\n" << std::flush;
  EXPECT_THAT(read(9s), ElementsAre("2"));
  EXPECT_THAT(read(11s), IsEmpty());
  EXPECT_THAT(tailer->status(), IsEmpty()) << "let go";
}

TEST_F(TailerTest, AWriterMayGoOnInAFileThatTookTheNameOfADeletedOne) {
  dir.write("spare", "");
  dir.write("logs/a.log", "1\n");
  read();
  std::filesystem::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  std::filesystem::remove(dir / "spare");  // so that the next inode's number is a lower one, if it can be
  std::ofstream writer(dir / "logs/a.log");
  EXPECT_THAT(read(), IsEmpty());
  std::filesystem::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "");
  EXPECT_THAT(read(), IsEmpty());
  writer << "2\n" << std::flush;
  EXPECT_THAT(read(), ElementsAre("2"));
}

TEST_F(TailerTest, AFileThatNoSourceNamesAnyMoreIsNotFollowedAndGoesOnWhereItStoppedWhenOneDoes) {
  dir.write("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
  const auto named = source;
  source.paths = {dir / "logs/other.log"};
  follow();
  dir.append("logs/a.log", "2\n");
  EXPECT_THAT(read(), IsEmpty());
  const auto state = saved();
  start(state);
  EXPECT_THAT(read(), IsEmpty()) << "after a restart neither";
  source = named;
  follow();
  EXPECT_THAT(read(), ElementsAre("2"));
}

TEST_F(TailerTest, ADirectoryThatIsAwayAtAStartIsNotTakenForDeletedFiles) {
  dir.write("logs/sub/a.log", "1\n");
  source.paths = {dir / "logs/sub/*.log"};
  source.read_from = config::ReadFrom::kBeginning;
  start();
  EXPECT_THAT(read(), ElementsAre("1"));
  const auto state = saved();
  fs::rename(dir / "logs/sub", dir / "away");
  start(state);
  EXPECT_THAT(read(), IsEmpty());
  dir.append("away/a.log", "2\n");
  fs::rename(dir / "away", dir / "logs/sub");
  EXPECT_THAT(read(), ElementsAre("2"));
}

TEST_F(TailerTest, ADirectoryThatIsAwayForLongComesBackWithoutRepeat) {
  dir.write("logs/sub/a.log", "1\n");
  source.paths = {dir / "logs/sub/*.log"};
  source.read_from = config::ReadFrom::kBeginning;
  start();
  EXPECT_THAT(read(), ElementsAre("1"));
  fs::rename(dir / "logs/sub", dir / "away");
  read();
  read(11s);
  read(11min);
  fs::rename(dir / "away", dir / "logs/sub");
  EXPECT_THAT(read(), IsEmpty());
  dir.append("logs/sub/a.log", "2\n");
  EXPECT_THAT(read(), ElementsAre("2"));
}

TEST_F(TailerTest, ThePartialLineOfARenamedFileIsARecordAfterTenSilentSeconds) {
  dir.write("logs/a.log", "1\npart");
  read();
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_THAT(read(9s), IsEmpty());
  EXPECT_THAT(read(1100ms), ElementsAre("part"));
}

TEST_F(TailerTest, APartialLineNeverJoinsAnotherFilesBytes) {
  dir.write("logs/a.log", "half");
  read();
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "other\n");
  EXPECT_THAT(read(), ElementsAre("other"));
  dir.append("logs/a.log.1", " done\n");
  EXPECT_THAT(read(), ElementsAre("half done"));
}

TEST_F(TailerTest, RotatedNamesUnderAWildcardAreNoSourcesOfTheirOwn) {
  source.paths = {dir / "logs/*"};
  source.exclude = {"*marker"};
  source.read_from = config::ReadFrom::kBeginning;
  dir.write("logs/app.log.1", "old\n");
  dir.write("logs/app-2026-11-21.log", "live\n");
  start();
  EXPECT_THAT(read(), ElementsAre("live")) << "nor does read_from apply to them";
}

TEST_F(TailerTest, AHardLinkIsReadOnce) {
  dir.write("logs/a.log", "1\n");
  fs::create_hard_link(dir / "logs/a.log", dir / "logs/b.log");
  EXPECT_THAT(read(), ElementsAre("1"));
}

TEST_F(TailerTest, ARetargetedLinkIsFollowedToItsNewFile) {
  dir.write("data/1", "one\n");
  dir.write("data/2", "two\n");
  fs::create_symlink(dir / "data/1", dir / "logs/a.log");
  EXPECT_THAT(read(), ElementsAre("one"));
  fs::remove(dir / "logs/a.log");
  fs::create_symlink(dir / "data/2", dir / "logs/a.log");
  EXPECT_THAT(read(), ElementsAre("two"));
}

TEST_F(TailerTest, AMissingFileIsToldOnceAndFollowedWhenItAppears) {
  source.paths = {dir / "logs/later.log"};
  start();
  read();
  read();
  EXPECT_EQ(lines.count("file-missing"), 1U);
  dir.write("logs/later.log", "here\n");
  EXPECT_THAT(read(), ElementsAre("here"));
  EXPECT_EQ(lines.count("file-back"), 1U);
}

TEST_F(TailerTest, AMissingDirectoryIsFollowedWhenItAppears) {
  source.paths = {dir / "logs/sub/app.log"};
  start();
  dir.write("logs/sub/app.log", "here\n");
  EXPECT_THAT(read(), ElementsAre("here"));
  dir.append("logs/sub/app.log", "more\n");
  read();
  EXPECT_THAT(tailer->status(), Contains(testing::Field(&FileStatus::offset, 10U)));
}

TEST_F(TailerTest, TheFirstSourceOwnsAFileOfTwo) {
  config::Source second = source;
  second.name = "second";
  dir.write("logs/a.log", "");
  tailer->follow({source, second}, {}, now);
  dir.append("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
  EXPECT_EQ(lines.count("the first owns it"), 1U);
}

TEST_F(TailerTest, ARestartGoesOnWhereItStopped) {
  dir.write("logs/a.log", "1\npart");
  read();
  const auto state = saved();
  tailer.reset();
  dir.append("logs/a.log", "ial\n2\n");
  start(state);
  EXPECT_THAT(read(), ElementsAre("partial", "2"));
}

TEST_F(TailerTest, AFileRenamedDuringTheStopIsReadToItsEndThenItsSuccessorFromTheBeginning) {
  dir.write("logs/a.log", "1\n");
  read();
  const auto state = saved();
  tailer.reset();
  dir.append("logs/a.log", "2\n");
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  dir.write("logs/a.log", "3\n");
  start(state);
  EXPECT_THAT(read(), ElementsAre("2", "3"));
}

TEST_F(TailerTest, ReloadWithTheSameSourceRepeatsNothingAndLosesNothing) {
  dir.write("logs/a.log", "1\n");
  read();
  dir.append("logs/a.log", "2\n");
  follow();
  EXPECT_THAT(read(), ElementsAre("2"));
}

TEST_F(TailerTest, APipeInAGlobIsNotOpened) {
  ASSERT_EQ(::mkfifo((dir / "logs/p.log").c_str(), 0600), 0);
  dir.write("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
}

TEST_F(TailerTest, ItsOwnStateIsNotFollowed) {
  source.paths = {dir / "**/*.log"};
  start();
  dir.write("state/own.log", "no\n");
  dir.write("logs/a.log", "yes\n");
  EXPECT_THAT(read(), ElementsAre("yes"));
}

TEST_F(TailerTest, TheSweepFindsWhatNoEventTold) {
  dir.write("logs/a.log", "1\n");
  read();
  fs::create_directories(dir / "far");
  fs::create_hard_link(dir / "logs/a.log", dir / "far/a");  // events go by the name that is written to
  read();
  dir.append("far/a", "found\n");
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_THAT(read(60s), ElementsAre("found"));
}

TEST_F(TailerTest, TheTargetOfADanglingLinkIsFollowedWhenItAppears) {
  fs::create_directories(dir / "far");
  fs::create_symlink(dir / "far/real", dir / "logs/far.log");
  read();
  dir.write("far/real", "found\n");
  EXPECT_THAT(read(), ElementsAre("found"));
}

TEST_F(TailerTest, AnExcludedNameIsNotFollowedWhereverItStands) {
  source.exclude = {"debug.log", "/*/never/*"};
  start();
  dir.write("logs/debug.log", "no\n");
  dir.write("logs/a.log", "yes\n");
  EXPECT_THAT(read(), ElementsAre("yes"));
}

TEST_F(TailerTest, ADirectoryThatMayNotBeListedIsToldSoAndItsOldLinesAreNotNews) {
  if (::geteuid() != 0) return;  // as root nothing is unreadable: the test becomes somebody else
  dir.write("logs/private/a.log", "old\n");
  source.paths = {dir / "logs/private/*.log"};
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod((dir / "logs/private").c_str(), 0700), 0);
  ASSERT_EQ(::seteuid(65534), 0);
  start();
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(lines.count("permission denied"), 1U);
  EXPECT_THAT(tailer->status(), Contains(testing::Field(&FileStatus::state, "unreadable")));
  EXPECT_THAT(read(2s), IsEmpty()) << "readable now, and followed from its end";
  dir.append("logs/private/a.log", "new\n");
  EXPECT_THAT(read(2s), ElementsAre("new"));
}

// As root nothing is unreadable, so this runs as another user where it can become one.
TEST_F(TailerTest, AnUnreadableFileIsToldOnceAndReadWithoutGapOrRepeatAfterwards) {
  if (::geteuid() != 0) {
    SUCCEED();
    return;
  }
  dir.write("logs/a.log", "1\n");
  EXPECT_THAT(read(), ElementsAre("1"));
  const auto state = saved();
  tailer.reset();
  dir.append("logs/a.log", "2\n");
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod((dir / "logs/a.log").c_str(), 0000), 0);
  ASSERT_EQ(::seteuid(65534), 0);
  tailer = std::make_unique<Tailer>(loop, lines.log(), dir / "state", [] {});
  tailer->follow({source}, state, now);
  const auto quiet = [&] {
    return tailer->read(now, 1 << 20, [](const Block&) { FAIL() << "read without the right"; });
  };
  quiet();
  quiet();
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(lines.count("file-unreadable"), 1U);
  ASSERT_EQ(::chmod((dir / "logs/a.log").c_str(), 0644), 0);
  EXPECT_THAT(read(), ElementsAre("2"));
}

// Pods come and go: what is known of their directories must not pile up.
TEST_F(TailerTest, ADirectoryThatIsDeletedIsForgottenInTheEnd) {
  source.paths = {dir / "logs/*/*.log"};
  start();
  dir.write("logs/pod/a.log", "line\n");
  EXPECT_THAT(read(), ElementsAre("line"));
  EXPECT_TRUE(saved().listed.contains(dir / "logs/pod"));
  fs::remove_all(dir / "logs/pod");
  for (int minute = 0; minute < 59; ++minute) read(std::chrono::minutes(1));
  EXPECT_TRUE(saved().listed.contains(dir / "logs/pod")) << "it may only be moved about";
  for (int minute = 0; minute < 3; ++minute) read(std::chrono::minutes(1));
  EXPECT_FALSE(saved().listed.contains(dir / "logs/pod"));
}

}  // namespace
}  // namespace dingtail::tail
