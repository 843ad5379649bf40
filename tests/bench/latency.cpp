// From a line in a log to the robot's receipt: the Release agent, loopback HTTPS, group_wait = "0s".
//
//   cmake --build BUILD --target bench_latency
//   BUILD/tests/bench_latency RELEASE_BUILD/dingtail [HITS [PAUSE_MS]]
//
// Each hit is an alert and a message of its own, written when the one before has arrived and the agent has
// rested for the pause. The clock starts before the line is written and stops when the robot has judged the
// message.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "integration/group.h"
#include "support/notify_socket.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;
using namespace dingtail;

std::string config_for(const integration::Group& group) {
  return "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n[[target]]\nname = "
         "\"ops\"\n"
         "type = \"dingtalk\"\nwebhook = \"" +
         group.url() + "\"\nsecret = \"" + integration::kSecret + "\"\nkeywords = [\"" +
         integration::kKeyword +
         "\"]\nca_file = \"ca.pem\"\nper_minute = 1000000\n[[rule]]\nname = \"r\"\nmatch = 'hit "
         "(?P<n>\\d+)'\n"
         "group_by = [\"n\"]\ngroup_wait = \"0s\"\n";
}

void write_line(int log, int number) {
  const std::string line = "2026-11-21 10:00:00 hit " + std::to_string(number) + " of a service\n";
  if (::write(log, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
}

double at(const std::vector<Milliseconds>& sorted, double part) {
  const auto index = static_cast<std::size_t>(part * static_cast<double>(sorted.size()) + 0.999999);
  return sorted.at(std::clamp<std::size_t>(index, 1, sorted.size()) - 1).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s DINGTAIL [HITS [PAUSE_MS]]\n", argv[0]);
    return 2;
  }
  const int hits = argc > 2 ? std::atoi(argv[2]) : 200;
  const std::chrono::milliseconds pause(argc > 3 ? std::atoi(argv[3]) : 50);

  const test::TempDir dir;
  integration::Group group;
  test::NotifySocket notified(dir / "notify.sock");
  dir.write("ca.pem", group.certificate());
  const auto config = dir.write("dingtail.toml", config_for(group));
  const base::Fd log(::open((dir / "app.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  const test::Process agent({argv[1], {"run", "-c", config}, {{"NOTIFY_SOCKET", notified.path()}}},
                            dir / "agent");
  if (!notified.wait_for("READY=1", test::kDeadline)) {
    std::fprintf(stderr, "the agent did not start:\n%s", agent.err().c_str());
    return 1;
  }
  std::vector<Milliseconds> latencies;
  for (int i = 0; i < hits; ++i) {
    std::this_thread::sleep_for(pause);
    const auto begin = Clock::now();
    write_line(log.get(), i);
    const auto count = static_cast<std::size_t>(i) + 1;
    if (!group.wait_for(count)) {
      std::fprintf(stderr, "hit %d did not arrive:\n%s", i, agent.err().c_str());
      return 1;
    }
    latencies.emplace_back(group.arrival(count - 1) - begin);
  }
  std::sort(latencies.begin(), latencies.end());
  std::printf("%d hits, %d ms apart: p50 %.1f ms, p99 %.1f ms, max %.1f ms, min %.1f ms\n", hits,
              static_cast<int>(pause.count()), at(latencies, 0.50), at(latencies, 0.99),
              latencies.back().count(), latencies.front().count());
  return 0;
}
