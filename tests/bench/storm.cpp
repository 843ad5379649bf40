// A storm of file events: that none is missed, and how long the agent is away.
//
//   cmake --build BUILD --target bench_storm
//   BUILD/tests/bench_storm RELEASE_BUILD/dingtail [SECONDS [FILES]]
//
// First more events than the kernel's queue holds come while the agent is stopped. Then, for SECONDS, one
// process appends to 8 files in turn as fast as it can, and another creates files in the same directory,
// FILES that are followed and from then on others; meanwhile the agent is asked for an answer again and
// again, through its control socket. An answer takes three turns of its loop, so that the longest wait for
// one bounds the longest gap between two turns. A control process, the same socket on a loop with nothing
// else to do, is asked at the same moments: what it takes for its answers is the machine's part.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "bench/agent.h"
#include "loop/loop.h"
#include "loop/signal.h"
#include "observe/control.h"

namespace {

using namespace dingtail;
using bench::Clock;
using namespace std::chrono_literals;

// A process that works until it is told to end, and says one number then.
class Child {
 public:
  using Work = std::function<std::uint64_t(const volatile std::sig_atomic_t& ending)>;

  explicit Child(const Work& work) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    said_ = base::Fd(ends[0]);
    const base::Fd say(ends[1]);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    static volatile std::sig_atomic_t ending = 0;
    std::signal(SIGTERM, [](int) { ending = 1; });
    const std::uint64_t number = work(ending);
    ::_exit(::write(say.get(), &number, sizeof number) == sizeof number ? 0 : 1);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) end();
  }

  std::uint64_t end() {
    ::kill(pid_, SIGTERM);
    std::uint64_t number = 0;
    const bool heard = ::read(said_.get(), &number, sizeof number) == sizeof number;
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
    return heard ? number : 0;
  }

 private:
  base::Fd said_;
  pid_t pid_ = -1;
};

base::Fd open_log(const std::string& path) {
  base::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd) throw std::runtime_error("open " + path);
  return fd;
}

void write_all(const base::Fd& fd, const std::string& text) {
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
}

// One line in a thousand is a hit. The number of those written, of part 1.
std::uint64_t append_in_turn(const std::string& directory, const volatile std::sig_atomic_t& ending) {
  constexpr int kFiles = 8;
  constexpr std::uint64_t kHitEach = 1000;
  std::vector<base::Fd> logs;
  for (int i = 0; i < kFiles; ++i)
    logs.push_back(open_log(directory + "/busy-" + std::to_string(i) + ".log"));
  std::uint64_t written = 0;
  for (std::uint64_t i = 0; ending == 0; ++i) {
    const bool hit = i % kHitEach == 0;
    write_all(logs[i % kFiles], hit ? bench::line(i, 1) : "a line that is no hit\n");
    written += hit ? 1 : 0;
  }
  return written;
}

// A followed file holds one line of part 2; the others are there for a moment. The number of all created.
std::uint64_t create_files(const std::string& directory, std::uint64_t followed,
                           const volatile std::sig_atomic_t& ending) {
  std::uint64_t created = 0;
  for (; created < followed && ending == 0; ++created)
    write_all(open_log(directory + "/new-" + std::to_string(created) + ".log"), bench::line(created, 2));
  for (; ending == 0; ++created) {
    const auto path = directory + "/new-" + std::to_string(created) + ".tmp";
    open_log(path);
    ::unlink(path.c_str());
  }
  return created;
}

// Answers as the agent does, and has nothing else to do.
std::uint64_t answer(const std::string& path) {
  loop::Loop loop;
  const loop::Signal end(loop, SIGTERM, [&] { loop.stop(); });
  const auto control = observe::Control::listen(loop, path, [](const auto&, const auto& reply) {
    reply({2, ""});
  });
  if (control) loop.run();
  return 0;
}

std::vector<bench::Milliseconds> ask_again_and_again(const std::string& path,
                                                     const std::atomic<bool>& ending) {
  std::vector<bench::Milliseconds> waits;
  while (!ending) {
    const auto begin = Clock::now();
    if (!observe::ask(path, "are you there", 30s)) throw std::runtime_error("no answer on " + path);
    waits.emplace_back(Clock::now() - begin);
    std::this_thread::sleep_for(2ms);
  }
  return waits;
}

bool say(const char* what, const bench::Counts& written, bench::Agent& agent) {
  const bool complete = agent.wait_for(written);
  const auto told = agent.counts();
  std::printf("%s: %llu lines to be told, %llu told: %s\n", what,
              static_cast<unsigned long long>(bench::total(written)),
              static_cast<unsigned long long>(bench::total(told)), complete ? "complete" : "NOT THE SAME");
  return complete;
}

bool overflow(const std::string& binary) {
  std::uint64_t queue = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
  const std::uint64_t events = 10 * queue;
  bench::Agent agent(binary, bench::kLines);
  const std::array logs{open_log(agent.dir() / "logs/a.log"), open_log(agent.dir() / "logs/b.log")};
  agent.start();
  agent.process().signal(SIGSTOP);
  bench::Counts written;
  for (std::uint64_t i = 0; i < events; ++i) {
    const auto part = i % logs.size();
    write_all(logs.at(part), bench::line(i, part));
    ++written[part];
  }
  agent.dir().write("logs/made/meanwhile.log", bench::line(events, 2));
  ++written[2];
  agent.process().signal(SIGCONT);
  const auto begin = Clock::now();
  const bool complete = say("overflow", written, agent);
  const bool overflowed = agent.process().err().find("events-overflowed") != std::string::npos;
  std::printf("overflow: %llu events while stopped, the queue holds %llu: %s; told within %.1f s\n",
              static_cast<unsigned long long>(events), static_cast<unsigned long long>(queue),
              overflowed ? "the log says events-overflowed" : "THE LOG DOES NOT SAY SO",
              std::chrono::duration<double>(Clock::now() - begin).count());
  return complete && overflowed;
}

bool storm(const std::string& binary, int seconds, std::uint64_t files) {
  bench::Agent agent(binary, bench::kLines);
  const auto logs = agent.dir() / "logs";
  agent.start();
  Child control([path = agent.dir() / "idle.sock"](const auto&) { return answer(path); });
  test::eventually([&] { return std::filesystem::exists(agent.dir() / "idle.sock"); });
  std::atomic<bool> ending = false;
  std::vector<bench::Milliseconds> of_agent;
  std::vector<bench::Milliseconds> of_control;
  const auto before = agent.usage();
  Child writer([&](const auto& end) { return append_in_turn(logs, end); });
  Child creator([&](const auto& end) { return create_files(logs, files, end); });
  std::thread asks_agent([&] { of_agent = ask_again_and_again(agent.control(), ending); });
  std::thread asks_control([&] { of_control = ask_again_and_again(agent.dir() / "idle.sock", ending); });
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const auto after = agent.usage();
  const auto written = writer.end();
  const auto created = creator.end();
  ending = true;
  asks_agent.join();
  asks_control.join();
  std::printf(
      "storm of %d s: %llu lines appended to 8 files, %llu files created; %.1f s CPU, RSS at most %.1f MiB\n",
      seconds, static_cast<unsigned long long>(written * 1000), static_cast<unsigned long long>(created),
      after.cpu_seconds - before.cpu_seconds, after.most_rss_mib);
  std::printf("storm: %zu answers of the agent:           %s\n", of_agent.size(),
              bench::print(of_agent).c_str());
  std::printf("storm: %zu answers of the control process: %s\n", of_control.size(),
              bench::print(of_control).c_str());
  return say("storm", {{1, written}, {2, std::min(created, files)}}, agent);
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s DINGTAIL [SECONDS [FILES]]\n", argv[0]);
    return 2;
  }
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 10;
  const auto files = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 10'000;
  const bool complete = overflow(argv[1]);
  return storm(argv[1], seconds, files) && complete ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
