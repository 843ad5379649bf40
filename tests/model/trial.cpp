#include "model/trial.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "support/temp_dir.h"

namespace dingtail::model {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kHangs = 120;  // seconds

void write_all(int fd, const void* bytes, std::size_t size) {
  const auto* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const auto done = ::write(fd, from, size);
    if (done <= 0) return;
    from += done;
    size -= static_cast<std::size_t>(done);
  }
}

Outcome parse(const std::string& said, int status) {
  Outcome out;
  if (!WIFEXITED(status) || said.size() <= sizeof out.counts) {
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    out.failure = signal == SIGALRM ? "hung: no end in " + std::to_string(kHangs) + " s"
                                    : "crashed: " + std::string(::strsignal(signal));
    return out;
  }
  std::memcpy(&out.counts, said.data(), sizeof out.counts);
  out.failure = said.c_str() + sizeof out.counts;
  out.trace = said.substr(sizeof out.counts + out.failure.size() + 1);
  return out;
}

// Times of birth and inodes that are used again differ: there are both kinds.
fs::path place(bool in_memory) {
  const char* memory = "/dev/shm";
  return in_memory && ::access(memory, W_OK) == 0 ? memory : fs::temp_directory_path();
}

std::string failure_kind(const std::string& failure) {
  return failure.substr(0, failure.find(':'));
}

}  // namespace

void Trial::be_the_child(const Plan& plan, const std::string& directory, Trace trace, int to) const {
  ::alarm(kHangs);
  const auto outcome = Play(plan, directory, trace, make_).run();
  write_all(to, &outcome.counts, sizeof outcome.counts);
  write_all(to, outcome.failure.c_str(), outcome.failure.size() + 1);
  write_all(to, outcome.trace.data(), outcome.trace.size());
  ::_exit(0);
}

Outcome Trial::run(const Plan& plan, Trace trace) const {
  const test::TempDir directory(place(plan.in_memory));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) be_the_child(plan, directory.path(), trace, ends[1]);
  ::close(ends[1]);
  std::string said;
  std::array<char, 65536> part{};
  for (ssize_t got = 0; (got = ::read(ends[0], part.data(), part.size())) > 0;)
    said.append(part.data(), static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return parse(said, status);
}

Plan Trial::shorten(Plan plan, const std::string& failure) const {
  for (std::size_t size = plan.ops.size() / 2; size > 0;) {
    bool any = false;
    for (std::size_t from = 0; from < plan.ops.size();) {
      Plan less = plan;
      const auto begin = less.ops.begin() + static_cast<std::ptrdiff_t>(from);
      less.ops.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(size, less.ops.size() - from)));
      if (failure_kind(run(less, Trace::kNone).failure) == failure_kind(failure)) {
        plan = std::move(less);
        any = true;
      } else {
        from += size;
      }
    }
    if (!any || size > 1) size /= 2;
  }
  return plan;
}

}  // namespace dingtail::model
