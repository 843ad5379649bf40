#include "crash/agent.h"

#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "crash/file.h"
#include "integration/group.h"
#include "support/temp_dir.h"

namespace dingtail::crash {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kRepeatInterval = 200ms;
constexpr auto kQuiet = 3 * kRepeatInterval;
constexpr auto kPatience = 15s;  // without a message while lines are missing
constexpr std::size_t kMostShown = 10;
constexpr std::string_view kTracer = "\nTracerPid:";

std::string config_for(const std::string& directory, const Robot& robot) {
  return "state_dir = \"" + directory + "/state\"\n[[source]]\nname = \"app\"\npaths = [\"" + directory +
         "/logs/*.log\"]\nread_from = \"beginning\"\n[[target]]\nname = \"ops\"\ntype = \"dingtalk\"\n"
         "webhook = \"" +
         robot.url() + "\"\nsecret = \"" + integration::kSecret + "\"\nkeywords = [\"" +
         integration::kKeyword + "\"]\nevents = [\"firing\"]\nper_minute = 1000000\n" +
         "[[rule]]\nname = \"lines\"\nmatch = 'line \\d+ part (?P<part>\\d+)'\ngroup_by = [\"part\"]\n"
         "summary = \"${part}: ${count} hits\"\ngroup_wait = \"0s\"\n"
         "repeat_interval = \"" +
         std::to_string(kRepeatInterval.count()) + "ms\"\nrepeat_max = \"" +
         std::to_string(kRepeatInterval.count()) + "ms\"\nresolve_after = \"2s\"\n";
}

// The state of a thread: the letter behind its name in parentheses; see proc(5).
char state_of(const fs::path& task) {
  const std::string stat = content(task / "stat");
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= stat.size() ? '?' : stat[name_end + 2];
}

std::string part(std::uint64_t number, std::uint64_t written, std::uint64_t told) {
  return "part " + std::to_string(number) + ": " + std::to_string(written) + " lines written, " +
         std::to_string(told) + " told";
}

}  // namespace

Agent::Agent(std::string binary, std::string directory, const std::string& data_directory, const Robot& robot)
    : binary_(std::move(binary)), directory_(std::move(directory)) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // for tracers, which are grandchildren
  const std::string config = directory_ + "/dingtail.toml";
  std::ofstream(config) << config_for(data_directory, robot);
  fs::permissions(config, fs::perms::owner_read | fs::perms::owner_write);
}

void Agent::start(const std::vector<std::string>& strace_options) {
  end();
  ready_ = false;
  notified_ = std::make_unique<test::NotifySocket>(directory_ + "/notify.sock");
  std::vector<std::string> words;
  if (!strace_options.empty()) words = {"strace", "-D", "-f", "-qq", "-o", directory_ + "/trace"};
  words.insert(words.end(), strace_options.begin(), strace_options.end());
  words.insert(words.end(), {binary_, "run", "-c", directory_ + "/dingtail.toml"});
  test::Command command{words.front(),
                        {words.begin() + 1, words.end()},
                        {{"NOTIFY_SOCKET", notified_->path()}, {"HOME", directory_}},
                        directory_};
  if (!strace_options.empty()) command.environment["ASAN_OPTIONS"] = "detect_leaks=0";  // it would trace, too
  process_ = std::make_unique<test::Process>(command, directory_ + "/agent");
  if (!strace_options.empty()) await_tracer();
}

// The process is strace itself at first.
void Agent::await_tracer() {
  const std::string process = "/proc/" + std::to_string(process_->pid());
  test::eventually([&] {
    const std::string status = content(process + "/status");
    const auto at = status.find(kTracer);
    tracer_ = at == std::string::npos ? 0 : std::atoi(status.c_str() + at + kTracer.size());
    return (tracer_ != 0 && content(process + "/comm") != "strace\n") || ended();
  });
}

void Agent::end() {
  if (process_) std::ofstream(directory_ + "/agent.log", std::ios::app) << process_->err();
  process_.reset();
  reap_tracer();
}

void Agent::reap_tracer() {
  if (tracer_ != 0) ::waitpid(tracer_, nullptr, 0);
  tracer_ = 0;
}

std::string Agent::trace() {
  reap_tracer();
  return content(directory_ + "/trace");
}

bool Agent::wait_until_ready() {
  ready_ = ready_ || test::eventually([this] { return notified_->wait_for("READY=1", 20ms) || ended(); });
  return ready_ && !ended();
}

std::string Agent::thread_states() const {
  std::string out;
  std::error_code error;  // it may end while we look
  const fs::path tasks = "/proc/" + std::to_string(process_->pid()) + "/task";
  for (const auto& task : fs::directory_iterator(tasks, error)) out += state_of(task.path());
  return out;
}

bool Agent::kill() {
  process_->signal(SIGKILL);
  return process_->wait() == 128 + SIGKILL;
}

bool can_trace() {
  const test::TempDir dir;
  return !test::find_program("strace").empty() &&
         test::run({"strace", {"-o", dir / "trace", "true"}}, dir / "strace").code == 0;
}

Verdict judge(const Counts& written, const Told& told) {
  Verdict out;
  out.faults = told.faults;
  Counts all = told.lines;
  for (const auto& [number, lines] : written) all.try_emplace(number, 0);
  for (const auto& [number, lines] : all) {
    const auto found = written.find(number);
    const auto expected = found == written.end() ? 0 : found->second;
    if (lines == expected) continue;
    out.lost += expected - std::min(expected, lines);
    out.twice += lines - std::min(expected, lines);
    if (out.faults.size() < kMostShown) out.faults.push_back(part(number, expected, lines));
  }
  for (const auto& text : told.others) out.faults.push_back("an unexpected message: " + text);
  return out;
}

bool is_all_told(const Counts& written, const Told& told) {
  return std::all_of(written.begin(), written.end(), [&](const auto& each) {
    const auto found = told.lines.find(each.first);
    return found != told.lines.end() && found->second >= each.second;
  });
}

void wait_until_told(Robot& robot, const Counts& written) {
  const auto complete = [&](const Told& told) { return is_all_told(written, told); };
  for (bool progress = true; progress && !robot.wait_for(complete, 0ms);) {
    const auto messages = robot.messages();
    progress = robot.wait_for([=](const Told& told) { return told.messages > messages; }, kPatience);
  }
}

void wait_until_quiet(Robot& robot) {
  for (bool quiet = false; !quiet;) {
    const auto messages = robot.messages();
    quiet = !robot.wait_for([=](const Told& told) { return told.messages > messages; }, kQuiet);
  }
}

bool is_sound(const std::string& state_directory, const std::string& copy_directory) {
  if (!fs::exists(state_directory + "/state.db")) return true;
  fs::create_directories(copy_directory);
  for (const char* name : {"state.db", "state.db-wal"})
    if (fs::exists(state_directory + "/" + name))
      fs::copy_file(state_directory + "/" + name, copy_directory + "/" + name,
                    fs::copy_options::overwrite_existing);
  sqlite3* database = nullptr;
  bool sound = sqlite3_open((copy_directory + "/state.db").c_str(), &database) == SQLITE_OK;
  const auto is_ok = [](void* answer, int, char** values, char**) {
    *static_cast<bool*>(answer) = std::string(values[0]) == "ok";
    return 0;
  };
  bool ok = false;
  sound = sound && sqlite3_exec(database, "PRAGMA integrity_check", is_ok, &ok, nullptr) == SQLITE_OK && ok;
  sqlite3_close(database);
  fs::remove_all(copy_directory);
  return sound;
}

}  // namespace dingtail::crash
