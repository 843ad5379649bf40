#include "app/notify.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/fd.h"
#include "support/notify_socket.h"
#include "support/temp_dir.h"

namespace dingtail::app {
namespace {

// As many datagrams as it takes unread. False if that has no end.
bool fill(const std::string& path) {
  constexpr int kMoreThanAnyQueueHolds = 100'000;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  const base::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (int i = 0; i < kMoreThanAnyQueueHolds; ++i)
    if (::sendto(fd.get(), "x", 1, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) != 1)
      return errno == EAGAIN;
  return false;
}

TEST(Notify, GivesUpWhereTheManagerDoesNotRead) {
  const test::TempDir dir;
  test::NotifySocket manager(dir / "notify.sock");
  ASSERT_TRUE(fill(manager.path()));
  ::setenv("NOTIFY_SOCKET", manager.path().c_str(), 1);
  notify("WATCHDOG=1");  // returns
  EXPECT_FALSE(manager.wait_for("WATCHDOG=1", std::chrono::milliseconds(100)));
  notify("WATCHDOG=1");  // now there is room
  EXPECT_TRUE(manager.wait_for("WATCHDOG=1", std::chrono::seconds(5)));
  ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace dingtail::app
