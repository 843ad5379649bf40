#include "integration/fault.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "observe/control.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;

nlohmann::json entry_of(const nlohmann::json& list, const std::string& path) {
  for (const auto& each : list)
    if (each["path"] == path) return each;
  return nullptr;
}

// The letter of proc(5) behind the name, which may hold anything.
char state_of_thread(const fs::path& stat) {
  std::ifstream file(stat);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(") ");
  return name_end == std::string::npos ? '?' : text.at(name_end + 2);
}

bool is_stopped(pid_t pid) {
  std::error_code error;
  for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", error))
    if (std::tolower(state_of_thread(task.path() / "stat")) != 't') return false;  // t: under a tracer
  return !error;
}

// What the process had of the processors.
std::chrono::nanoseconds used_by(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    throw std::runtime_error("no clock of the agent");
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

std::string Fault::line_rule() {
  return rule("line", "match = 'line (?P<n>\\d+)'\ngroup_by = [\"n\"]", "n");
}

void Fault::follow(const std::string& paths, const std::string& more, const std::string& rules) {
  write_config("state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [" + paths + "]\n" + more + "\n" +
               target() + rules);
}

std::string Fault::lines(int first, int last) {
  std::string out;
  for (int i = first; i <= last; ++i) {
    const auto digits = std::to_string(i);
    out += "line " + std::string(4 - std::min<std::size_t>(4, digits.size()), '0') + digits + "\n";
  }
  return out;
}

void Fault::write_next(int& written) {
  if (alerts_in(group().messages()).size() < static_cast<std::size_t>(written)) return;
  ++written;
  write(written, written);
}

std::vector<int> Fault::order_told() {
  std::vector<int> out;
  for (const auto& alert : alerts_in(group().messages())) out.push_back(std::stoi(alert.key));
  return out;
}

std::map<int, std::uint64_t> Fault::told() {
  std::map<int, std::uint64_t> out;
  for (const auto& alert : alerts_in(group().messages())) out[std::stoi(alert.key)] += alert.hits;
  return out;
}

void Fault::expect_each_once(int last) {
  const auto enough = static_cast<std::size_t>(last);
  EXPECT_TRUE(group().wait_for([=](const Messages& messages) { return alerts_in(messages).size() >= enough; },
                               std::chrono::seconds(60)));
  std::map<int, std::uint64_t> expected;
  for (int i = 1; i <= last; ++i) expected[i] = 1;
  EXPECT_EQ(told(), expected);
}

bool Fault::wait_for_hits(std::uint64_t hits) {
  return group().wait_for([=](const Messages& messages) { return hits_in(messages) >= hits; },
                          std::chrono::seconds(60));
}

nlohmann::json Fault::status() {
  auto status = nlohmann::json::parse(ask({"status", "--json"}).out, nullptr, false);
  return status.contains("files") ? status : nlohmann::json();
}

nlohmann::json Fault::status_of(const std::string& path) {
  const auto all = status();
  return all.is_null() ? all : entry_of(all["files"], path);
}

nlohmann::json Fault::loss_of(const std::string& path) {
  const auto all = status();
  return all.is_null() ? all : entry_of(all["losses"], path);
}

void Fault::freeze() {
  agent().signal(SIGSTOP);
  ASSERT_TRUE(test::eventually([&] { return is_stopped(agent().pid()); }));
}

std::chrono::nanoseconds Fault::answer_time() {
  const auto asked = std::chrono::steady_clock::now();
  const auto used = used_by(agent().pid());
  EXPECT_TRUE(observe::ask(file("state/control.sock"), "status", test::kDeadline));
  return std::min<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - asked,
                                            used_by(agent().pid()) - used);
}

std::uint64_t Fault::proc_status(const std::string& key) {
  std::ifstream file("/proc/" + std::to_string(agent().pid()) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key + ":")) return std::stoull(line.substr(key.size() + 1));
  return 0;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

ino_t inode(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) throw std::runtime_error(path + " is not there");
  return info.st_ino;
}

}  // namespace dingtail::integration
