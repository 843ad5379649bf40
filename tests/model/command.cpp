#include "model/command.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "model/trial.h"

namespace dingtail::model {
namespace {

constexpr std::uint64_t kMostTold = 10;

void drop_root(const std::string& program) {
  const passwd* nobody = ::getpwnam("nobody");
  if (::geteuid() != 0 || nobody == nullptr) return;
  const bool dropped =
      ::setgroups(0, nullptr) == 0 && ::setegid(nobody->pw_gid) == 0 && ::seteuid(nobody->pw_uid) == 0;
  if (dropped && (program.empty() || ::faccessat(AT_FDCWD, program.c_str(), X_OK, AT_EACCESS) == 0)) {
    if (::seteuid(0) == 0 && ::setgid(nobody->pw_gid) == 0 && ::setuid(nobody->pw_uid) == 0) return;
  }
  std::cerr << "running as root: hidden files are readable\n";
  if (::seteuid(0) != 0 || ::setegid(0) != 0) std::exit(2);
}

struct Options {
  std::uint64_t seeds = 0;
  std::size_t ops = 0;
  std::uint64_t first = 1;
};

Options parse(int argc, char** argv) {
  Options out;
  if ((argc != 3 && argc != 5) || (argc == 5 && std::string(argv[3]) != "--seed")) {
    std::cerr << "usage: " << argv[0] << " SEEDS OPS [--seed FIRST]\n";
    std::exit(2);
  }
  out.seeds = std::stoull(argv[1]);
  out.ops = std::stoull(argv[2]);
  if (argc == 5) out.first = std::stoull(argv[4]);
  return out;
}

void tell_failure(const Trial& trial, Plan plan, const std::string& failure) {
  std::cout << "\nFAILED seed " << plan.seed << ": " << failure << std::endl;
  plan = trial.shorten(std::move(plan), failure);
  const auto outcome = trial.run(plan, Trace::kFull);
  std::cout << describe(plan);
  if (outcome.trace.empty())  // it crashed
    for (const auto& op : plan.ops) std::cout << describe(op) << "\n";
  std::cout << outcome.trace << "→ " << outcome.failure << std::endl;
}

void sum_up(const Options& options, const Counts& counts, std::uint64_t failed) {
  std::cout << options.seeds << " seeds × " << options.ops << " operations: " << failed << " failed\n"
            << counts.lines << " lines, " << counts.counted << " counted, " << counts.gone
            << " in no file any more, " << counts.told << " of them from logs in the ledger ("
            << counts.losses << " entries)\nOperations that had an effect:";
  for (std::size_t i = 0; i < kActs; ++i)
    std::cout << " " << name_of(static_cast<Act>(i)) << " " << counts.done.at(i);
  std::cout << std::endl;
}

}  // namespace

int run(int argc, char** argv, const MakeAgent& make, const std::string& program) {
  const auto options = parse(argc, argv);
  drop_root(program);
  const Trial trial(make);
  Counts counts;
  std::uint64_t failed = 0;
  for (auto seed = options.first; seed < options.first + options.seeds; ++seed) {
    const auto plan = make_plan(seed, options.ops);
    const auto outcome = trial.run(plan, Trace::kNone);
    counts.add(outcome.counts);
    if (!outcome.failure.empty() && ++failed <= kMostTold) tell_failure(trial, plan, outcome.failure);
    if (::isatty(STDERR_FILENO) != 0) std::cerr << "\rseed " << seed << ", " << failed << " failed ";
  }
  sum_up(options, counts, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace dingtail::model
