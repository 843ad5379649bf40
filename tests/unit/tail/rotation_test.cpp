#include "tail/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace dingtail::tail {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::SizeIs;

// A file of which nothing was read was renamed just while its directory was listed, and so was not found in
// it.
class MissedTest : public testing::Test {
 protected:
  MissedTest() {
    dir.write("a.log.2", "never read\n");
    orphan.state.id = stat_file(dir / "a.log.2")->id;
    orphan.state.path = orphan.state.real = dir / "a.log";
  }
  base::Result<Generations> find() {
    Past past;
    past.spot = {dir / "a.log", dir / "a.log", 0};
    past.orphans = {orphan};
    past.is_known = [](FileId) { return false; };
    past.was_listed = [this](const Sibling& sibling) { return !came.contains(sibling.path); };
    return find_generations(past);
  }

  test::TempDir dir;
  Orphan orphan{{}, Fate::kGoneWhileDown};
  std::set<std::string> came;  // since the look began
};

TEST_F(MissedTest, IsKnownByItsIdentity) {
  const auto found = find();
  ASSERT_TRUE(found);
  EXPECT_THAT(found->lost, IsEmpty());
  ASSERT_THAT(found->files, SizeIs(1));
  EXPECT_EQ(found->files[0]->id(), orphan.state.id);
  EXPECT_EQ(found->files[0]->life, Life::kRotated);
  EXPECT_EQ(found->files[0]->cursor.position, 0U);
}

TEST_F(MissedTest, IsKnownThoughAnotherBeganAlike) {
  orphan.state.head = mark_of("never");
  orphan.state.position = orphan.state.size = 5;
  orphan.state.tail = mark_of("never");
  dir.write("a.log.3", "never mind\n");
  const auto found = find();
  ASSERT_TRUE(found);
  ASSERT_THAT(found->files, SizeIs(1));
  EXPECT_EQ(found->files[0]->id(), orphan.state.id);
  EXPECT_EQ(found->files[0]->cursor.position, 5U);
  EXPECT_THAT(found->unsure, IsEmpty());
}

TEST_F(MissedTest, IsLostWhereAnIdentityMayComeAgain) {
  orphan.state.id.birth = 0;
  const auto found = find();
  ASSERT_TRUE(found);
  EXPECT_THAT(found->lost, Contains(orphan.state.id));
}

// As what it is compressed to is there before it is gone: let go now, it would not be read after a crash.
TEST_F(MissedTest, IsNotLetGoWhileSomethingIsNewBesideIt) {
  orphan.state.id.inode += 1;
  came.insert(dir.write("a.log.1.gz", "a new one"));
  EXPECT_EQ(find().error().code, base::Code::kNotFound);
  came.clear();
  EXPECT_TRUE(find());
}

}  // namespace
}  // namespace dingtail::tail
