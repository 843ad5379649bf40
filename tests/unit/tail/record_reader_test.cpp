#include "tail/record_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_dir.h"

namespace dingtail::tail {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A file that was looked at, and becomes another one before it is read: looks find out what became of what
// was seen, so that nothing else may be taken for it.
class RewrittenTest : public testing::Test {
 protected:
  RewrittenTest() {
    config::Source source;
    source.name = "app";
    reader.set_sources({source}, {});
  }

  TailedFile seen(const std::string& content) {
    dir.write("a.log", content);
    const std::string path = dir / "a.log";
    TailedFile file(stat_file(path)->id, Spot{path, path, 0});
    EXPECT_TRUE(file.open());
    file.see();
    return file;
  }

  RecordReader::Outcome read(TailedFile& file) {
    const auto outcome = reader.read(file, {}, 1 << 20, [&](const Block& block) {
      for_each_record(block, [&](std::string_view record) { records.emplace_back(record); });
    });
    EXPECT_TRUE(outcome);
    return outcome.value_or(RecordReader::Outcome{});
  }

  test::TempDir dir;
  RecordReader reader;
  std::vector<std::string> records;
};

TEST_F(RewrittenTest, BeforeItsFirstLineIsRead) {
  auto file = seen("old 1\n");
  dir.write("a.log", "new 1\nnew 2\n");
  EXPECT_TRUE(read(file).rewritten);
  EXPECT_THAT(records, IsEmpty());
  EXPECT_EQ(file.cursor.scanned_to, 0U);
}

TEST_F(RewrittenTest, AfterHalfALineWasRead) {
  auto file = seen("old");
  ASSERT_FALSE(read(file).rewritten);
  dir.write("a.log", "new 1\n");
  EXPECT_TRUE(read(file).rewritten);
  EXPECT_THAT(records, IsEmpty());
}

TEST_F(RewrittenTest, BehindAByteOrderMarkThatBothHave) {
  auto file = seen("\xEF\xBB\xBFold 1\n");
  dir.write("a.log", "\xEF\xBB\xBFnew 1\n");
  EXPECT_TRUE(read(file).rewritten);
  EXPECT_THAT(records, IsEmpty());
}

TEST_F(RewrittenTest, NotWhereItOnlyGrew) {
  auto file = seen("1\n");
  dir.append("a.log", "2\n");
  EXPECT_FALSE(read(file).rewritten);
  EXPECT_THAT(records, ElementsAre("1", "2"));
  EXPECT_EQ(file.head.size, 4U);
}

}  // namespace
}  // namespace dingtail::tail
