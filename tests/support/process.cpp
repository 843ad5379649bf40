#include "support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "base/fd.h"

namespace dingtail::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

base::Fd open_or_throw(const std::string& path, int flags) {
  base::Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!fd) throw std::runtime_error(path + ": " + std::strerror(errno));
  return fd;
}

std::vector<std::string> environment_of(const Command& command) {
  std::map<std::string, std::string> all = {{"PATH", kPath}, {"LANG", "C.UTF-8"}};
  for (const char* name : {"TZ", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"})
    if (const char* value = std::getenv(name)) all[name] = value;
  for (const auto& [name, value] : command.environment) all[name] = value;
  std::vector<std::string> out;
  out.reserve(all.size());
  for (const auto& [name, value] : all) out.push_back(std::string(name).append("=").append(value));
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// What the child needs, made before the fork: between fork and exec nothing may allocate.
struct Launch {
  base::Fd program, in, out, err;
  std::vector<char*> argv, envp;
  const char* directory = nullptr;
  const passwd* user = nullptr;
};

[[noreturn]] void become(const Launch& launch) {
  ::dup2(launch.in.get(), STDIN_FILENO);
  ::dup2(launch.out.get(), STDOUT_FILENO);
  ::dup2(launch.err.get(), STDERR_FILENO);
  if (launch.directory != nullptr && ::chdir(launch.directory) != 0) ::_exit(126);
  if (launch.user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(launch.user->pw_gid) != 0 ||
                                 ::setuid(launch.user->pw_uid) != 0))
    ::_exit(126);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(launch.argv[0], launch.argv.data(), launch.envp.data());
  // Another user may run a program that stands in a directory closed to him.
  ::syscall(SYS_execveat, launch.program.get(), "", launch.argv.data(), launch.envp.data(), AT_EMPTY_PATH);
  ::_exit(127);
}

}  // namespace

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  while (!holds()) {
    if (Clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  const std::string path = kPath;
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find(':', at), path.size());
    std::string candidate = path.substr(at, end - at) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  return "";
}

std::uint16_t free_port() {
  const base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(name);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    throw std::runtime_error("no free port");
  return ntohs(name.sin_port);
}

Process::Process(const Command& command, const std::string& output) : output_(output) {
  const std::string program = find_program(command.program);
  if (program.empty()) throw std::runtime_error(command.program + " is not installed");
  Launch launch;
  launch.program = open_or_throw(program, O_PATH);
  launch.in = open_or_throw("/dev/null", O_RDONLY);
  launch.out = open_or_throw(output + ".out", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
  launch.err = open_or_throw(output + ".err", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
  std::vector<std::string> arguments = {program};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  auto environment = environment_of(command);
  launch.argv = pointers(arguments);
  launch.envp = pointers(environment);
  if (!command.directory.empty()) launch.directory = command.directory.c_str();
  if (!command.user.empty()) launch.user = ::getpwnam(command.user.c_str());
  if (!command.user.empty() && launch.user == nullptr) throw std::runtime_error("no user " + command.user);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) become(launch);
}

Process::~Process() {
  if (ended_) return;
  signal(SIGKILL);
  wait();
}

void Process::signal(int number) const {
  if (!ended_) ::kill(pid_, number);
}

std::optional<int> Process::wait(std::chrono::milliseconds deadline) {
  if (ended_) return ended_;
  const base::Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd ready{fd.get(), POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(deadline.count())) != 1) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended_;
}

std::string Process::out() const {
  return content(output_ + ".out");
}
std::string Process::err() const {
  return content(output_ + ".err");
}

Finished run(const Command& command, const std::string& output) {
  Process process(command, output);
  const auto code = process.wait();
  return {code.value_or(-1), process.out(), process.err()};
}

}  // namespace dingtail::test
