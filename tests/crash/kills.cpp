// The real agent under load, killed with SIGKILL at random moments and started again, while a program logs
// numbered lines to files that it rotates in every usual way:
//
//   kills [N] [--seed S] [--rotations rename,copytruncate,…] [--agent PATH] [--keep]
//
// At the end the agent runs until it is quiet; a fresh line must arrive; and by what the robot was told each
// line must have been counted just once. Exit code 1 if any was lost or counted twice, if the agent ended
// otherwise than by our hand, or if no kill met it reading, committing, or with a message on its way.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "crash/agent.h"
#include "crash/load.h"
#include "crash/show.h"
#include "crash/writer.h"
#include "support/temp_dir.h"

namespace {

using namespace dingtail;
using namespace std::chrono_literals;

struct Options {
  std::uint64_t kills = 300;
  std::uint32_t seed = std::random_device{}();
  std::vector<std::string> rotations = crash::rotation_names();
  std::string agent = DINGTAIL_BINARY;
  bool keep = false;
};

enum class Aim { kAnywhere, kReading, kCommit, kMessage };
constexpr std::size_t kAims = 4;

struct Kills {
  std::uint64_t all = 0;
  std::array<std::uint64_t, kAims> met{};  // by aim

  [[nodiscard]] bool met_all() const { return std::count(met.begin(), met.end(), 0) == 0; }
};

std::chrono::microseconds random_time(std::mt19937& random) {
  return std::chrono::microseconds(std::uniform_int_distribution<int>(0, 60'000)(random));
}

std::filesystem::file_time_type last_write(const std::string& path) {
  std::error_code error;
  const auto out = std::filesystem::last_write_time(path, error);
  return error ? std::filesystem::file_time_type::min() : out;
}

// Waits for the moment to kill: any, so that start and recovery are met too, or one of its work. True if it
// came.
bool wait_for_moment(Aim aim, std::mt19937& random, crash::Agent& agent, crash::Robot& robot,
                     const std::string& log_of_state) {
  if (aim != Aim::kAnywhere && !agent.wait_until_ready()) return false;
  const auto deadline = std::chrono::steady_clock::now() + random_time(random);
  if (aim == Aim::kMessage) {
    const auto messages = robot.messages();
    return robot.wait_for([=](const crash::Told& told) { return told.messages > messages; }, 100ms);
  }
  if (aim == Aim::kCommit) {
    const auto before = last_write(log_of_state);
    while (last_write(log_of_state) == before)
      if (std::chrono::steady_clock::now() > deadline + 100ms) return false;
    return true;  // written to, and hardly synced yet
  }
  std::this_thread::sleep_until(deadline);
  return aim == Aim::kAnywhere || agent.thread_states().find('R') != std::string::npos;
}

// What went wrong.
std::string kill_many(const Options& options, crash::Agent& agent, crash::Robot& robot,
                      const std::string& log_of_state, Kills& kills) {
  std::mt19937 random(options.seed);
  crash::Progress progress;
  while (kills.all < options.kills) {
    if (kills.all > 0) agent.start();
    const auto aim = static_cast<Aim>(std::uniform_int_distribution<std::size_t>(0, kAims - 1)(random));
    const bool came = wait_for_moment(aim, random, agent, robot, log_of_state);
    if (!agent.kill()) return "it ended by itself";
    ++kills.all;
    if (came) ++kills.met.at(static_cast<std::size_t>(aim));
    progress.show(std::to_string(kills.all) + " of " + std::to_string(options.kills) + " kills");
    if (robot.told_most() > crash::kLinesAPart) return "a line was counted twice: no more kills";
  }
  return {};
}

int run(const Options& options) {
  const test::TempDir dir;
  crash::Robot robot(dir / "messages");
  crash::Writer writer(dir / "logs", options.rotations, options.seed, crash::Sync::kNo, robot);
  crash::Agent agent(options.agent, dir.path(), dir.path(), robot);
  Kills kills;
  std::vector<std::string> faults;
  const auto begin = std::chrono::steady_clock::now();
  agent.start();  // what is rotated away before the first cut is none of its business
  if (!agent.wait_until_ready()) faults.emplace_back("it does not start");
  if (faults.empty()) {
    const crash::Load load(writer, robot);
    if (auto error = kill_many(options, agent, robot, dir / "state/state.db-wal", kills); !error.empty())
      faults.push_back(error);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (auto error = crash::settle(agent, robot, writer); !error.empty()) faults.push_back(error);
  if (!kills.met_all()) faults.emplace_back("the kills did not meet all of its work");
  if (!crash::is_sound(dir / "state", dir / "copy")) faults.emplace_back("the state is corrupt");
  const auto told = robot.told();
  const auto verdict = crash::judge(writer.written(), told);
  std::printf(
      "kills: seed %u, %lu kills (anywhere %lu, reading %lu, committing %lu, message on its way %lu; %.1f a "
      "second), "
      "%lu lines, %lu rotations, %lu messages, %lu repeats, %lu lost, %lu counted twice\n",
      options.seed, kills.all, kills.met[0], kills.met[1], kills.met[2], kills.met[3],
      static_cast<double>(kills.all) / took.count(), writer.lines(), writer.rotations(), told.messages,
      told.repeats, verdict.lost, verdict.twice);
  faults.insert(faults.end(), verdict.faults.begin(), verdict.faults.end());
  return crash::conclude(faults, agent.process().err(), dir.path(), options.keep);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Kills the agent under load, and counts the lines that the group was told of.");
  app.add_option("N", options.kills, "kills")->capture_default_str();
  app.add_option("--seed", options.seed, "of lines, rotations and moments; printed");
  app.add_option("--rotations", options.rotations)
      ->delimiter(',')
      ->check(CLI::IsMember(crash::rotation_names()));
  app.add_option("--agent", options.agent, "the dingtail to run");
  app.add_flag("--keep", options.keep, "copy all files to ./crash-kept if it fails");
  CLI11_PARSE(app, argc, argv);
  return run(options);
}
