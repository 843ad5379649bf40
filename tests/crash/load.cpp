#include "crash/load.h"

#include <algorithm>
#include <csignal>

namespace dingtail::crash {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMostAhead = 1000;  // lines

}  // namespace

Load::Load(Writer& writer, Robot& robot)
    : writer_(writer), robot_(robot), thread_([this](const std::stop_token& stop) { work(stop); }) {}

void Load::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto least = writer_.lines() - std::min(writer_.lines(), kMostAhead);
    if (!robot_.wait_for([=](const Told& told) { return told.total >= least; }, 20ms)) continue;
    const std::scoped_lock lock(step_);
    if (!stop.stop_requested()) writer_.step();
  }
}

std::string settle(Agent& agent, Robot& robot, Writer& writer) {
  agent.start();
  if (!agent.wait_until_ready()) return "it does not start any more";
  writer.finish();
  wait_until_told(robot, writer.written());
  writer.write_last();
  wait_until_told(robot, writer.written());
  wait_until_quiet(robot);
  agent.process().signal(SIGTERM);
  return agent.process().wait() == 0 ? "" : "it does not stop with 0";
}

}  // namespace dingtail::crash
