// What many idle files cost, and how soon a line in any of them is told:
//
//   cmake --build BUILD --target bench_idle
//   BUILD/tests/bench_idle RELEASE_BUILD/dingtail [FILES [DIRECTORIES [SECONDS [LINES]]]]
//
// First the agent rests for SECONDS (130: two sweeps are in them), and what that cost is read from /proc.
// Then lines are appended to files chosen at random, each when the one before was told. A latency's clock
// starts before the line is written and stops when the robot has judged the message.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <thread>

#include "bench/agent.h"
#include "observe/control.h"

namespace {

using namespace dingtail;

const std::string kEachLine =
    "[[rule]]\nname = \"r\"\nmatch = 'hit (?P<n>\\d+)'\ngroup_by = [\"n\"]\ngroup_wait = \"0s\"\n";

struct Plan {
  int files = 10'000;
  int directories = 100;
  int seconds = 130;
  int lines = 200;
};

std::string log_of(int file, const Plan& plan) {
  return "logs/service-" + std::to_string(file % plan.directories) + "/instance-" + std::to_string(file) +
         ".log";
}

void rest(const bench::Agent& agent, const Plan& plan) {
  agent.wait_until_idle();
  const auto before = agent.usage();
  std::this_thread::sleep_for(std::chrono::seconds(plan.seconds));
  const auto after = agent.usage();
  const double cpu = after.cpu_seconds - before.cpu_seconds;
  std::printf("%d idle files in %d directories, %d s: %.2f s CPU = %.3f %% of a core, %llu wake-ups\n",
              plan.files, plan.directories, plan.seconds, cpu, 100 * cpu / plan.seconds,
              static_cast<unsigned long long>(after.wakeups - before.wakeups));
  std::printf("RSS %.1f MiB (at most %.1f so far), %zu descriptors\n", after.rss_mib, after.most_rss_mib,
              after.descriptors);
}

bool append(bench::Agent& agent, const Plan& plan) {
  std::mt19937 random(1);
  std::vector<bench::Milliseconds> latencies;
  for (int i = 0; i < plan.lines; ++i) {
    const auto file = static_cast<int>(random() % static_cast<unsigned>(plan.files));
    const auto begin = bench::Clock::now();
    agent.dir().append(log_of(file, plan), "hit " + std::to_string(i) + " of a service\n");
    const auto count = static_cast<std::size_t>(i) + 1;
    if (!agent.group().wait_for(count)) {
      std::fprintf(stderr, "line %d was not told:\n%s", i, agent.process().err().c_str());
      return false;
    }
    latencies.emplace_back(agent.group().arrival(count - 1) - begin);
  }
  const auto after = agent.usage();
  std::printf("%d lines appended to files at random: %s; %zu descriptors\n", plan.lines,
              bench::print(latencies).c_str(), after.descriptors);
  return true;
}

void ask(const bench::Agent& agent) {
  const auto begin = bench::Clock::now();
  const auto reply = observe::ask(agent.control(), "status --json", std::chrono::seconds(30));
  const bench::Milliseconds took = bench::Clock::now() - begin;
  std::printf("status of all: %.1f ms, %zu KiB\n", took.count(), reply ? reply->text.size() / 1024 : 0);
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s DINGTAIL [FILES [DIRECTORIES [SECONDS [LINES]]]]\n", argv[0]);
    return 2;
  }
  Plan plan;
  int next = 2;
  for (int* value : {&plan.files, &plan.directories, &plan.seconds, &plan.lines})
    if (next < argc) *value = std::atoi(argv[next++]);
  bench::Agent agent(argv[1], kEachLine);
  for (int i = 0; i < plan.files; ++i) agent.dir().write(log_of(i, plan), "a line of yesterday\n");
  agent.start();
  rest(agent, plan);
  const bool told = append(agent, plan);
  ask(agent);
  return told ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
