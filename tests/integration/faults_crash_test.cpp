// Faults F30, F31 and F42: the agent ends at any moment, by a kill, with its power or for want of memory.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <memory>

#include "integration/fault.h"
#include "integration/mount.h"
#include "integration/strace.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;

constexpr int kKilled = 128 + SIGKILL;

TEST_F(Fault, F30_KilledAtACommitAndAgainWhileItRecoversItLosesNothingAndRepeatsOneMessageAtMost) {
  if (const auto why = strace_refused(); !why.empty()) GTEST_SKIP() << why;
  follow_lines("\"app.log\"", "read_from = \"beginning\"");
  append("");
  int written = 0;
  int kills = 0;
  for (const auto* when : {"2", "5", "9", "14"}) {
    for (const auto* call : {"fdatasync", "pread64"}) {  // the second while it recovers from the first
      under_ = strace({call, "signal=KILL", when}, file("trace"));
      launch({"run", "-c", file("dingtail.toml")});
      ASSERT_TRUE(test::eventually([&] {
        write_next(written);
        return agent().wait(std::chrono::milliseconds(0)).has_value();
      }));
      ASSERT_EQ(agent().wait(), kKilled) << agent().err();
      ++kills;
    }
  }
  under_.clear();
  start();
  expect_each_once(written);
  int repeats = 0;
  for (const auto& request : group().requests()) repeats += request.verdict.repeat ? 1 : 0;
  EXPECT_LE(repeats, kills);
}

TEST_F(Fault, F31_AfterAPowerCutNothingIsLostAndNothingCorrupt) {
  if (const auto why = strace_refused(); !why.empty()) GTEST_SKIP() << why;
  constexpr std::uintmax_t kImageBytes = 16U << 20;
  const std::string image = file("disk.img");
  if (const auto why = make_ext4(image, kImageBytes); !why.empty()) GTEST_SKIP() << why;
  // So that the kernel by itself writes nothing back in the time of a test.
  const auto mount = [&] {
    return std::make_unique<Mount>(std::vector<std::string>{"-o", "loop,commit=600", image}, file("state"));
  };
  auto disk = mount();
  if (!disk->refused().empty()) GTEST_SKIP() << disk->refused();
  follow_lines();
  start();
  kill();
  int written = 0;
  for (const auto* sync : {"4", "7", "11"}) {
    // It stops itself in place of an fdatasync, which does nothing and never returns.
    under_ = strace({"fdatasync", "retval=0:signal=STOP", sync}, file("trace"));
    launch({"run", "-c", file("dingtail.toml")});
    ASSERT_TRUE(test::eventually([&] {
      write_next(written);
      return bytes_of(file("trace")).find("INJECTED") != std::string::npos;
    }));
    freeze();
    const auto before = bytes_of(file("state/state.db-wal"));
    fs::copy_file(image, file("copy.img"));
    kill();
    disk.reset();
    fs::rename(file("copy.img"), image);
    disk = mount();
    ASSERT_EQ(disk->refused(), "");
    EXPECT_TRUE(bytes_of(file("state/state.db-wal")) != before) << "the cut took nothing";
  }
  under_.clear();
  start();
  expect_each_once(written);
  EXPECT_FALSE(logged("state-corrupt"));
}

TEST_F(Fault, F42_OutOfMemoryItEndsAndTheNextStartGoesOn) {
  follow_lines();
  start();
  write(1, 20);
  ASSERT_TRUE(wait_until_told(20));
  const rlimit nothing_more{1, 1};
  ASSERT_EQ(::prlimit(agent().pid(), RLIMIT_AS, &nothing_more, nullptr), 0);
  constexpr std::size_t kLongLine = 4U << 20;
  append(std::string(kLongLine, 'x') + "\n" + lines(21, 40));
  const auto ended = agent().wait();
  ASSERT_TRUE(ended.has_value()) << "memory was enough";
  EXPECT_NE(*ended, 0);
  start();
  expect_each_once(40);
}

}  // namespace
}  // namespace dingtail::integration
