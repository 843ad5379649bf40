// A line without an end, a file that is nearly all hole, and a burst: each by an agent of its own, with the
// memory that it took.
//
//   cmake --build BUILD --target bench_bulk
//   BUILD/tests/bench_bulk RELEASE_BUILD/dingtail [MIB_WITHOUT_NEWLINE [GIB_OF_HOLE [MIB_OF_BURST]]]
//
// The disk must take them. The file goes on: the line behind is told; of the burst each line, exactly once.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "bench/agent.h"

namespace {

using namespace dingtail;

constexpr std::uint64_t kMebibyte = 1 << 20;

struct Log {
  explicit Log(const bench::Agent& agent)
      : fd(::open((agent.dir() / "logs/app.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {}
  void write(const std::string& text) const {
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
  }
  base::Fd fd;
};

bool judge(const char* what, bench::Agent& agent, const bench::Counts& written, const bench::Usage& before) {
  const auto begin = bench::Clock::now();
  const bool complete = agent.wait_for(written);
  const std::chrono::duration<double> waited = bench::Clock::now() - begin;
  const auto after = agent.usage();
  std::printf(
      "%s: %llu lines to be told, %llu told: %s, %.1f s after the last was written; %.1f s CPU; RSS at most "
      "%.1f MiB, "
      "%.1f before\n",
      what, static_cast<unsigned long long>(bench::total(written)),
      static_cast<unsigned long long>(bench::total(agent.counts())), complete ? "complete" : "NOT THE SAME",
      waited.count(), after.cpu_seconds - before.cpu_seconds, after.most_rss_mib, before.most_rss_mib);
  return complete;
}

bool without_newline(const std::string& binary, std::uint64_t mebibytes) {
  bench::Agent agent(binary, bench::kLines);
  const Log log(agent);
  agent.start();
  const auto before = agent.usage();
  for (std::uint64_t i = 0; i < mebibytes; ++i) log.write(std::string(kMebibyte, 'a'));
  log.write("\n" + bench::line(1, 0));
  return judge("without a newline", agent, {{0, 1}}, before);
}

bool hole(const std::string& binary, std::uint64_t gibibytes) {
  bench::Agent agent(binary, bench::kLines);
  const Log log(agent);
  log.write(bench::line(1, 0));
  agent.start();
  const auto before = agent.usage();
  if (::ftruncate(log.fd.get(), static_cast<off_t>(gibibytes << 30)) != 0) std::abort();
  log.write(bench::line(2, 0));
  return judge("hole", agent, {{0, 2}}, before);
}

bool burst(const std::string& binary, std::uint64_t mebibytes) {
  constexpr std::uint64_t kParts = 16;
  bench::Agent agent(binary, bench::kLines);
  const Log log(agent);
  agent.start();
  const auto before = agent.usage();
  bench::Counts written;
  std::uint64_t number = 0;
  for (std::uint64_t bytes = 0; bytes < mebibytes * kMebibyte;) {
    std::string block;
    while (block.size() < kMebibyte) {
      block += "2026-11-21T10:31:02.345678+08:00 INFO [worker-17] order.Service - handled in 12 ms: ";
      block += bench::line(number, number % kParts);
      ++written[number++ % kParts];
    }
    log.write(block);
    bytes += block.size();
  }
  return judge("burst", agent, written, before);
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s DINGTAIL [MIB_WITHOUT_NEWLINE [GIB_OF_HOLE [MIB_OF_BURST]]]\n", argv[0]);
    return 2;
  }
  const auto size = [&](int at, std::uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  const bool line = without_newline(argv[1], size(2, 100));
  const bool sparse = hole(argv[1], size(3, 10));
  return burst(argv[1], size(4, 1024)) && line && sparse ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
