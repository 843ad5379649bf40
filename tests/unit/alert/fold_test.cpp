#include "alert/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alert/report.h"

namespace dingtail::alert {
namespace {

using testing::ElementsAre;
using testing::Optional;
using testing::StrEq;

constexpr std::nullopt_t kNotSimilar = std::nullopt;

TEST(Fold, PutsAWildcardWhereANumberDiffers) {
  EXPECT_THAT(folded("Out of memory: Killed process 812 (java) anon-rss:15.8GB",
                     "Out of memory: Killed process 99 (java) anon-rss:15.8GB"),
              Optional(StrEq("Out of memory: Killed process <num> (java) anon-rss:15.8GB")));
  EXPECT_THAT(folded("08:57:15 sshd[12338]: from 10.0.0.7:4", "08:57:18 sshd[9]: from 10.0.0.7:4"),
              Optional(StrEq("08:57:<num> sshd[<num>]: from 10.0.0.7:4")));
  EXPECT_THAT(folded("数据库拒绝连接：用户1001", "数据库拒绝连接：用户7"),
              Optional(StrEq("数据库拒绝连接：用户<num>")));
}

TEST(Fold, PutsAWildcardWhereAWordDiffers) {
  EXPECT_THAT(folded("login of root failed today", "login of bob failed today"),
              Optional(StrEq("login of <*> failed today")));
  EXPECT_THAT(folded("read md5 of sda failed", "read sha of sda failed"),
              Optional(StrEq("read <*> of sda failed")));
}

TEST(Fold, TakesARecordIntoATemplate) {
  EXPECT_THAT(folded("login of <*> failed after <num>ms", "login of bob failed after 17ms"),
              Optional(StrEq("login of <*> failed after <num>ms")));
  EXPECT_EQ(folded("port <num> of <*> is shut", "port 5 of x was open"), kNotSimilar);  // half of its words
}

TEST(Fold, TakesOnlySimilarRecords) {
  for (const auto& [a, b] : {std::pair("disk sda failed", "disk sda failed again"),
                             {"a b c d e", "a b x y z"},
                             {"connection refused", "permission denied"},
                             {"<*> <*> x", "a b x"},
                             {"a\nb c", "a b\nc"},
                             {"failed 12", "failed twelve"},
                             {"", "a"}})
    EXPECT_EQ(folded(a, b), kNotSimilar) << a << " | " << b;
}

TEST(Fold, KeepsTheLinesOfARecord) {
  EXPECT_THAT(folded("java.io.IOException: 17\n\tat a.B(B.java:5)\n\tat c.D(D.java:9)",
                     "java.io.IOException: 18\n\tat a.B(B.java:6)\n\tat c.D(D.java:9)"),
              Optional(StrEq("java.io.IOException: <num>\n\tat a.B(B.java:<num>)\n\tat c.D(D.java:9)")));
}

TEST(Fold, DoesNotCompareWhatIsTooLong) {
  const std::string word(16UL * 1024, 'x');
  EXPECT_EQ(folded(word + " 1", word + " 2"), kNotSimilar);
}

TEST(AddSample, FoldsSimilarRecordsAndCountsThem) {
  std::vector<Sample> samples;
  for (const auto* record : {"io error on sda block 5", "link eth0 is down", "io error on sda block 6",
                             "io error on sdb block 7", "link eth0 is down"})
    add_sample(samples, record, 3);
  EXPECT_THAT(samples, ElementsAre(Sample{"io error on <*> block <num>", 3}, Sample{"link eth0 is down", 2}));
}

}  // namespace
}  // namespace dingtail::alert
