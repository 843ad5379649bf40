#include "bench/agent.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace dingtail::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kPatience = 30s;  // without a message while lines are missing

std::string config_for(const std::string& url, const std::string& rules) {
  return "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"logs/**/*.log\"]\nread_from = "
         "\"beginning\"\n[[target]]\nname = \"ops\"\ntype = \"dingtalk\"\nwebhook = \"" +
         url + "\"\nsecret = \"" + integration::kSecret + "\"\nkeywords = [\"" + integration::kKeyword +
         "\"]\nca_file = \"ca.pem\"\nper_minute = 1000000\nevents = [\"firing\"]\n" + rules;
}

std::string content(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The number behind "NAME:" in a status file of proc(5).
std::uint64_t field(const std::string& status, const std::string& name) {
  const auto at = status.find("\n" + name + ":");
  return at == std::string::npos ? 0 : std::stoull(status.substr(at + name.size() + 2));
}

// User and system time: the fields 14 and 15, counted on from the name's parenthesis, behind which the third
// is.
double cpu_seconds(const std::string& stat) {
  std::istringstream rest(stat.substr(stat.rfind(')') + 2));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  return static_cast<double>(std::stoull(fields.at(11)) + std::stoull(fields.at(12))) /
         static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

const std::string kLines =
    "[[rule]]\nname = \"lines\"\nmatch = 'line \\d+ part (?P<part>\\d+)'\ngroup_by = [\"part\"]\n"
    "summary = \"${part}: ${count} hits\"\ngroup_wait = \"0s\"\n"
    "repeat_interval = \"1s\"\nrepeat_max = \"1s\"\n";

std::string line(std::uint64_t number, std::uint64_t part) {
  return "line " + std::to_string(number) + " part " + std::to_string(part) + "\n";
}

std::uint64_t total(const Counts& counts) {
  std::uint64_t sum = 0;
  for (const auto& [part, hits] : counts) sum += hits;
  return sum;
}

Agent::Agent(std::string binary, const std::string& rules)
    : binary_(fs::absolute(binary)), notified_(dir_ / "notify.sock") {
  dir_.write("ca.pem", group_.certificate());
  const auto config = dir_.write("dingtail.toml", config_for(group_.url(), rules));
  fs::permissions(config, fs::perms::owner_read | fs::perms::owner_write);
  fs::create_directories(dir_ / "logs");
}

void Agent::start() {
  const test::Command command{binary_,
                              {"run", "-c", dir_ / "dingtail.toml"},
                              {{"NOTIFY_SOCKET", notified_.path()}, {"HOME", dir_.path()}},
                              dir_.path()};
  process_ = std::make_unique<test::Process>(command, dir_ / "agent");
  if (!notified_.wait_for("READY=1", test::kDeadline))
    throw std::runtime_error("the agent did not start:\n" + process_->err());
}

void Agent::wait_until_idle() const {
  for (auto before = usage().wakeups;;) {
    std::this_thread::sleep_for(1s);
    const auto after = usage().wakeups;
    if (after == before) return;
    before = after;
  }
}

Usage Agent::usage() const {
  const fs::path proc = "/proc/" + std::to_string(process_->pid());
  const auto status = content(proc / "status");
  Usage out;
  out.cpu_seconds = cpu_seconds(content(proc / "stat"));
  out.rss_mib = static_cast<double>(field(status, "VmRSS")) / 1024;
  out.most_rss_mib = static_cast<double>(field(status, "VmHWM")) / 1024;
  for (const auto& task : fs::directory_iterator(proc / "task"))
    out.wakeups += field(content(task.path() / "status"), "voluntary_ctxt_switches");
  const fs::directory_iterator descriptors(proc / "fd");
  out.descriptors = static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
  return out;
}

Counts Agent::counts() {
  Counts out;
  for (const auto& alert : integration::alerts_in(group_.messages()))
    if (!alert.key.empty()) out[std::stoull(alert.key)] += alert.hits;
  return out;
}

bool Agent::wait_for(const Counts& expected) {
  while (total(counts()) < total(expected)) {
    const auto known = group_.messages().size();
    if (!group_.wait_for([=](const auto& messages) { return messages.size() > known; }, kPatience)) break;
  }
  return counts() == expected;
}

double at(const std::vector<Milliseconds>& sorted, double part) {
  const auto index = static_cast<std::size_t>(part * static_cast<double>(sorted.size()) + 0.999999);
  return sorted.at(std::clamp<std::size_t>(index, 1, sorted.size()) - 1).count();
}

std::string print(std::vector<Milliseconds> times) {
  std::sort(times.begin(), times.end());
  std::ostringstream out;
  out.setf(std::ios::fixed);
  out.precision(1);
  out << "p50 " << at(times, 0.50) << " ms, p99 " << at(times, 0.99) << " ms, max " << times.back().count()
      << " ms";
  return out.str();
}

}  // namespace dingtail::bench
