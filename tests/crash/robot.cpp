#include "crash/robot.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "integration/group.h"
#include "sandbox/show.h"

namespace dingtail::crash {
namespace {

using Clock = std::chrono::steady_clock;

// So that some kills meet a message on its way.
constexpr base::Millis kAnswersAfter{2};

std::optional<std::uint64_t> part_of(const std::string& key) {
  std::uint64_t part = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), part);
  return error == std::errc{} && end == key.data() + key.size() ? std::optional(part) : std::nullopt;
}

}  // namespace

Robot::Robot(const std::string& record)
    : record_(::open(record.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (!record_) throw std::runtime_error("open " + record);
  sandbox::RobotOptions robot;
  robot.secret = base::Secret(integration::kSecret);
  robot.token = base::Secret(integration::kToken);
  robot.keywords = {integration::kKeyword};
  robot.per_minute = 0;
  sandbox::ServerOptions options;
  options.misbehaviour.delay = kAnswersAfter;
  auto started = sandbox::Server::start(options, robot, [this](const auto& received) { take(received); });
  if (!started) throw std::runtime_error(started.error().what);
  server_ = std::move(*started);
}

void Robot::take(const sandbox::Received& received) {
  const std::string line = sandbox::to_json(received) + "\n";
  if (::write(record_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      ::fdatasync(record_.get()) != 0)
    std::abort();
  const std::scoped_lock lock(mutex_);
  latest_ = Clock::now();
  add_up(received);
  grown_.notify_all();
}

void Robot::add_up(const sandbox::Received& received) {
  const auto& verdict = received.verdict;
  const auto& posted = verdict.posted;
  if (!verdict.accepted()) {
    told_.faults.push_back("refused: " + std::to_string(verdict.errcode) + " " + verdict.errmsg);
    return;
  }
  ++told_.messages;
  const auto [known, is_new] = texts_.emplace(posted.msg_uuid, posted.text);
  if (!is_new) {
    ++told_.repeats;
    if (known->second != posted.text) told_.faults.push_back("a repeat says something else: " + posted.text);
    return;
  }
  for (const auto& alert : integration::alerts_in(received)) {
    const auto part = part_of(alert.key);
    if (!part) {
      told_.others.push_back(posted.text);
      continue;
    }
    if (alert.hits == 0) told_.faults.push_back("no count: " + posted.text);
    told_.most = std::max(told_.most, told_.lines[*part] += alert.hits);
    told_.total += alert.hits;
  }
}

Told Robot::told() {
  const std::scoped_lock lock(mutex_);
  return told_;
}

std::uint64_t Robot::messages() {
  const std::scoped_lock lock(mutex_);
  return told_.messages;
}

std::uint64_t Robot::told_of(std::uint64_t part) {
  const std::scoped_lock lock(mutex_);
  const auto found = told_.lines.find(part);
  return found == told_.lines.end() ? 0 : found->second;
}

std::uint64_t Robot::told_most() {
  const std::scoped_lock lock(mutex_);
  return told_.most;
}

bool Robot::wait_for(const std::function<bool(const Told&)>& holds, std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  return grown_.wait_for(lock, deadline, [&] { return holds(told_); });
}

bool Robot::holds_a_message() {
  const std::scoped_lock lock(mutex_);
  return Clock::now() < latest_ + kAnswersAfter;
}

}  // namespace dingtail::crash
