// Many files: an agent that follows them is small and asleep, and hears each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "integration/host.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;

class Scale : public Host {
 protected:
  static constexpr int kFiles = 2000;

  static std::string name(int file) {
    return "many/" + std::to_string(file % 20) + "/" + std::to_string(file) + ".log";
  }
  fs::path proc() { return "/proc/" + std::to_string(agent().pid()); }
  std::size_t descriptors() {
    const fs::directory_iterator open(proc() / "fd");
    return static_cast<std::size_t>(std::distance(begin(open), end(open)));
  }
  // How often its threads have waited and were woken.
  std::uint64_t wakeups() {
    static const std::string kField = "voluntary_ctxt_switches:";
    std::uint64_t sum = 0;
    for (const auto& task : fs::directory_iterator(proc() / "task")) {
      std::ifstream status(task.path() / "status");
      for (std::string line; std::getline(status, line);)
        if (line.starts_with(kField)) sum += std::stoull(line.substr(kField.size()));
    }
    return sum;
  }
  bool sleeps_for(std::chrono::milliseconds time) {
    const auto before = wakeups();
    std::this_thread::sleep_for(time);  // this is what is measured
    return wakeups() == before;
  }
};

TEST_F(Scale, ManyIdleFilesHoldFewDescriptorsAndWakeNobodyUp) {
  for (int i = 0; i < kFiles; ++i) dir_.write(name(i), "a line of yesterday\n");
  write_config("state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"many/*/*.log\"]\n" + target() +
               rule("r", "match = 'boom'"));
  start();
  EXPECT_TRUE(test::eventually([this] { return sleeps_for(std::chrono::seconds(2)); }));
  EXPECT_LE(descriptors(), 150U);
  for (const int file : {0, kFiles / 2, kFiles - 1}) dir_.append(name(file), "boom\n");
  EXPECT_TRUE(group().wait_for([](const Messages& messages) { return hits_in(messages) >= 3; }));
  EXPECT_EQ(hits_in(group().messages()), 3U);
}

}  // namespace
}  // namespace dingtail::integration
