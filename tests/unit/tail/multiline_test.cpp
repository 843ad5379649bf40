#include "tail/multiline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace dingtail::tail {
namespace {

using Preset = config::Multiline::Preset;
using testing::ElementsAre;

std::vector<std::string> join(Multiline& multiline, const std::vector<std::string>& lines) {
  std::vector<std::string> records;
  const auto keep = [&](std::optional<std::string> record) {
    if (record) records.push_back(std::move(*record));
  };
  for (const auto& line : lines) {
    keep(multiline.add(line));
    EXPECT_TRUE(multiline.is_open()) << "the line itself is in the open record";
  }
  keep(multiline.end());
  EXPECT_FALSE(multiline.is_open());
  return records;
}

// Records begin with a digit.
Multiline by_start(std::size_t max_lines = 500, std::size_t max_bytes = 1000) {
  config::Multiline settings;
  settings.max_lines = max_lines;
  const auto starts = [](std::string_view line) { return !line.empty() && line[0] >= '0' && line[0] <= '9'; };
  return {settings, starts, max_bytes};
}

// The lines of these records, one after the other, must come out as these records. In `text` they stand
// between lines of dashes.
void expect_records(Preset preset, std::string_view text) {
  config::Multiline settings;
  settings.preset = preset;
  Multiline multiline(settings, {}, 1 << 20);
  std::vector<std::string> lines;
  std::vector<std::string> records(1);
  for (const auto line : base::split(base::trim(text), '\n')) {
    if (line == "-----") {
      records.emplace_back();
      continue;
    }
    records.back() += (records.back().empty() ? "" : "\n") + std::string(line);
    lines.emplace_back(line);
  }
  EXPECT_EQ(join(multiline, lines), records);
}

TEST(Multiline, ARecordBeginsWhereThePatternSaysSo) {
  auto multiline = by_start();
  EXPECT_THAT(join(multiline, {"1 one", "more", "2 two", "3 three", " and", "", "more"}),
              ElementsAre("1 one\nmore", "2 two", "3 three\n and\n\nmore"));
}

TEST(Multiline, LinesBeforeTheFirstStartAreARecordToo) {
  auto multiline = by_start();
  EXPECT_THAT(join(multiline, {"cut off", "its end", "1 one"}), ElementsAre("cut off\nits end", "1 one"));
}

TEST(Multiline, NothingIsReturnedBeforeTheNextRecordBegins) {
  auto multiline = by_start();
  EXPECT_EQ(multiline.end(), std::nullopt);
  EXPECT_EQ(multiline.add("1"), std::nullopt);
  EXPECT_EQ(multiline.add("x"), std::nullopt);
  EXPECT_EQ(multiline.add("2"), "1\nx");
  EXPECT_EQ(multiline.end(), "2");
}

TEST(Multiline, AFullRecordEndsAndNoLineIsLost) {
  auto multiline = by_start(2);
  EXPECT_THAT(join(multiline, {"1", "a", "b", "c", "d", "2"}), ElementsAre("1\na", "b\nc", "d", "2"));
}

TEST(Multiline, ARecordIsCutAtItsLimitAndCounted) {
  auto multiline = by_start(500, 5);
  EXPECT_THAT(join(multiline, {"1234", "xyz", "y", "2", "3abcd", "z"}), ElementsAre("1234", "2", "3abcd"));
  EXPECT_EQ(multiline.take_bytes_cut(), std::string_view("xyz\ny\nz").size());
  EXPECT_EQ(multiline.take_bytes_cut(), 0U);
}

TEST(Multiline, TheCutFallsBetweenCharacters) {
  auto multiline = by_start(500, 5);
  EXPECT_THAT(join(multiline, {"1\xE4\xB8\xAD\xE6\x96\x87", "x"}), ElementsAre("1\xE4\xB8\xAD"));
  EXPECT_EQ(multiline.take_bytes_cut(), 3U + 2) << "a shorter line behind the cut is not squeezed in";
}

TEST(Multiline, EmptyLinesAtItsEndAreNoPartOfARecord) {
  auto multiline = by_start();
  EXPECT_THAT(join(multiline, {"1 a", "", "", "2"}), ElementsAre("1 a", "2"));
}

TEST(Multiline, JavasTracesBelongToWhatWasLogged) {
  expect_records(Preset::kJava, R"x(
2026-11-21 10:00:00 INFO  server started
-----
2026-11-21 10:00:01 ERROR request failed
java.lang.RuntimeException: wrapped
	at T.outer(T.java:4)
	at T.main(T.java:9)
	at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
	at java.base/java.lang.reflect.Method.invoke(Method.java:569)
Caused by: java.lang.NullPointerException: Cannot invoke "Object.toString()" because "<local1>" is null
	at T.inner(T.java:3)
	... 9 more
-----
java.io.IOException: disk gone
	at T.res(T.java:5)
	at T.main(T.java:10)
	Suppressed: java.lang.IllegalStateException: close failed
		at T$Res.close(T.java:2)
		... 9 more
-----
2026-11-21 10:00:02 INFO  next
-----
Exception in thread "main" java.lang.RuntimeException: wrapped
	at T.outer(T.java:4)
	at T.main(T.java:13)
Caused by: java.lang.NullPointerException: Cannot invoke "Object.toString()" because "<local1>" is null
	at T.inner(T.java:3)
	at T.outer(T.java:4)
-----
2026-11-21 10:00:03 INFO  java.io.IOException: is only mentioned
-----
org.acme.Starter: not an exception
)x");
}

TEST(Multiline, JavasExceptionsInARowAreRecordsOfTheirOwn) {
  expect_records(Preset::kJava, R"x(
java.io.IOException: one
	at T.a(T.java:1)
-----
java.io.IOException: two
	at T.a(T.java:1)
-----
java.io.IOException: three
-----
org.acme.ClientErrorException$NotFound
)x");
}

TEST(Multiline, PythonsTracesEndWithTheException) {
  expect_records(Preset::kPython, R"x(
2026-11-21 10:00:00 WARNING plain before
-----
2026-11-21 10:00:00 ERROR request failed
Traceback (most recent call last):
  File "/srv/app/t.py", line 12, in <module>
    try: inner("a")
         ^^^^^^^^^^
  File "/srv/app/t.py", line 3, in inner
    def inner(x): return {}[x]
                         ~~^^^
KeyError: 'a'
-----
2026-11-21 10:00:00 WARNING plain between
-----
2026-11-21 10:00:00 ERROR deep
Traceback (most recent call last):
  File "/srv/app/t.py", line 21, in deep
    def deep(n): return deep(n-1) if n else inner("x")
                        ^^^^^^^^^
  [Previous line repeated 18 more times]
KeyError
-----
Traceback (most recent call last):
  File "/srv/app/t.py", line 1, in <module>
KeyError
-----
2026-11-21 10:00:00 WARNING multi
  indented
-----
2026-11-21 10:00:01 INFO last
)x");
}

TEST(Multiline, PythonsChainedTracesAreOneRecord) {
  expect_records(Preset::kPython, R"x(
2026-11-21 10:00:00 ERROR job failed
Traceback (most recent call last):
  File "/srv/app/t.py", line 5, in outer
    try: inner(x)
         ^^^^^^^^
KeyError: 'a'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/app/t.py", line 15, in <module>
    try: outer("a")
         ^^^^^^^^^^
RuntimeError: lookup failed
-----
2026-11-21 10:00:00 ERROR job 2 failed
Traceback (most recent call last):
  File "/srv/app/t.py", line 8, in during
    try: inner(1)
KeyError: 1

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/app/t.py", line 9, in during
    except KeyError: return 1/0
                            ~^~
ZeroDivisionError: division by zero
-----
2026-11-21 10:00:01 INFO next
)x");
}

TEST(Multiline, PythonsOtherTracesAreOneRecordToo) {
  expect_records(Preset::kPython, R"x(
2026-11-21 10:00:00 ERROR with stack
Stack (most recent call last):
  File "/srv/app/t.py", line 19, in <module>
    log.error("with stack", stack_info=True)
-----
2026-11-21 10:00:00 ERROR group
  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/t.py", line 25, in <module>
  |     try: raise ExceptionGroup("several",[ValueError("one"),TypeError("two")])
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: one
    +---------------- 2 ----------------
    | TypeError: two
    +------------------------------------
-----
2026-11-21 10:00:01 INFO starting t.py
  File "/srv/app/t.py", line 1
    def f(:
          ^
SyntaxError: invalid syntax
-----
2026-11-21 10:00:02 INFO next
)x");
}

TEST(Multiline, GosPanicsAreOneRecordEach) {
  expect_records(Preset::kGo, R"x(
2026/11/22 03:10:46 started
-----
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x64c471]

goroutine 19 [running]:
main.(*T).get(...)
	/srv/app/p.go:4
main.worker(0x0?)
	/srv/app/p.go:5 +0x51
created by main.main
	/srv/app/p.go:10 +0x265
exit status 2
-----
2026/11/22 03:10:47 started
-----
panic: boom [recovered]
	panic: again: boom

goroutine 1 [running]:
main.main.func1()
	/srv/app/p.go:12 +0x74
panic({0x66a300, 0x7367c0})
	/usr/lib/go-1.19/src/runtime/panic.go:884 +0x212
main.main()
	/srv/app/p.go:12 +0x29d
-----
2026/11/22 03:10:48 started done(ok)
-----
panic: first line
-----
second line

goroutine 1 [running]:
main.main()
	/srv/app/p.go:11 +0x32c
-----
2026/11/22 03:10:49 next
)x");
}

TEST(Multiline, GosGoroutinesBelongToTheErrorAboveThem) {
  expect_records(Preset::kGo, R"x(
2026/11/22 03:21:10 started
-----
2026/11/22 03:21:10 http: panic serving 127.0.0.1:50348: assignment to entry in nil map
goroutine 22 [running]:
net/http.(*conn).serve.func1()
	/usr/lib/go-1.19/src/net/http/server.go:1850 +0xbf
main.main.func3({0x4a66e0?, 0xc000102280?}, 0x7f30e189bf38?)
	/srv/app/p.go:16 +0x2e
created by net/http.(*Server).Serve
	/usr/lib/go-1.19/src/net/http/server.go:3102 +0x4db
-----
2026/11/22 03:21:11 after
-----
fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
	/srv/app/d.go:2 +0x65

goroutine 17 [chan receive]:
main.main.func1()
	/srv/app/d.go:2 +0x2c
created by main.main
	/srv/app/d.go:2 +0x56
exit status 2
-----
2026/11/22 03:21:12 started again
)x");
}

TEST(Multiline, GosTracesEndWithALineThatIsNoCall) {
  expect_records(Preset::kGo, R"x(
panic: boom
-----
finished(ok)
-----
panic: again

goroutine 1 [running]:
main.main()
	/srv/app/p.go:1 +0x1
-----
panic: again

goroutine 1 [running]:
main.main()
	/srv/app/p.go:1 +0x1
-----
took main.go (3 files)
)x");
}

}  // namespace
}  // namespace dingtail::tail
