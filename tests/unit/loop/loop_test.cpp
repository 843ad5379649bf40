#include "loop/loop.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <thread>

#include "loop/async.h"
#include "loop/poll.h"
#include "loop/signal.h"
#include "loop/timer.h"

namespace dingtail::loop {
namespace {

TEST(Loop, EndsWithHandlesThatWereDroppedJustNow) {
  Loop loop;
  {
    const Timer timer(loop, [] {});
  }
}  // ~Loop asserts that nothing is left

TEST(Timer, FiresOnceAndMayBeStartedFromItsOwnCallback) {
  Loop loop;
  int fired = 0;
  std::optional<Timer> timer;
  timer.emplace(loop, [&] {
    if (++fired < 3)
      timer->start(base::Millis{0});
    else
      loop.stop();
  });
  timer->start(base::Millis{0});
  loop.run();
  EXPECT_EQ(fired, 3);
}

TEST(Timer, MayBeDestroyedInItsOwnCallback) {
  Loop loop;
  std::optional<Timer> timer;
  bool fired = false;
  timer.emplace(loop, [&] {
    timer.reset();
    fired = true;
    loop.stop();
  });
  timer->start(base::Millis{0});
  loop.run();
  EXPECT_TRUE(fired);
}

TEST(Poll, TellsReadAndWriteAsAskedFor) {
  Loop loop;
  int ends[2] = {};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  std::vector<std::string> seen;
  auto poll = Poll::open(loop, ends[0], [&](Ready ready) { seen.push_back(ready.read ? "read" : "write"); });
  ASSERT_TRUE(poll);
  poll->watch({.write = true});
  loop.run_once();
  poll->watch({.read = true});
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  loop.run_once();
  EXPECT_EQ(seen, (std::vector<std::string>{"write", "read"}));
  { const Poll ended = std::move(*poll); }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Poll, ARegularFileIsRefused) {
  Loop loop;
  const int fd = ::memfd_create("regular", 0);
  EXPECT_FALSE(Poll::open(loop, fd, [](Ready) {}));
  ::close(fd);
}

TEST(Async, WakesTheLoopFromAnotherThread) {
  Loop loop;
  int woken = 0;
  Async async(loop, [&] {
    ++woken;
    loop.stop();
  });
  std::thread other([&] { async.wake(); });
  loop.run();
  other.join();
  EXPECT_EQ(woken, 1);
}

TEST(Signal, IsTakenOnTheLoop) {
  Loop loop;
  bool taken = false;
  const Signal signal(loop, SIGUSR1, [&] {
    taken = true;
    loop.stop();
  });
  std::raise(SIGUSR1);
  loop.run();
  EXPECT_TRUE(taken);
}

}  // namespace
}  // namespace dingtail::loop
