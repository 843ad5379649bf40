#include "integration/group.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>

#include "base/text.h"
#include "unit/format/parsed.h"

namespace dingtail::integration {
namespace {

using Clock = std::chrono::steady_clock;

enum class About { kAlerts, kTheAgent };

// A digest tells of alerts, and may tell of the agent too.
constexpr std::string_view kAgentsLine = "- \\[dingtail\\] ";

bool is_about(const sandbox::Received& request, About wanted) {
  const bool agents_own = request.verdict.posted.title.starts_with("[dingtail] ");
  if (wanted == About::kAlerts) return !agents_own;
  return agents_own || request.verdict.posted.text.find(kAgentsLine) != std::string::npos;
}

Messages seen_by_the_group(const Messages& requests, About wanted) {
  std::set<std::string> known;
  Messages out;
  for (const auto& request : requests)
    if (request.verdict.accepted() && is_about(request, wanted) &&
        known.insert(request.verdict.posted.msg_uuid).second)
      out.push_back(request);
  return out;
}

ToldAlert told_by(const std::string& words) {
  static const std::regex pattern("(?:(\\S+): )?([0-9,]+) hits?");
  std::smatch found;
  if (!std::regex_search(words, found, pattern)) return {};
  return {found[1], std::stoull(base::replace_all(found[2], ",", ""))};
}

}  // namespace

Group::Group(const GroupOptions& options)
    : options_(options), certificate_(test::make_certificate(options.certificate)) {
  listen(0);
}

void Group::listen(std::uint16_t port) {
  sandbox::ServerOptions server;
  server.port = port;
  server.tls_certificate_pem = certificate_.pem;
  server.tls_key_pem = certificate_.key_pem;
  sandbox::RobotOptions robot;
  robot.secret = base::Secret(options_.secret);
  robot.token = base::Secret(options_.token);
  robot.keywords = options_.keywords;
  robot.per_minute = options_.per_minute;
  auto started = sandbox::Server::start(server, robot, [this](const sandbox::Received& received) {
    const auto now = Clock::now();
    const std::scoped_lock lock(mutex_);
    arrivals_.push_back(now);
    requests_.push_back(received);
    grown_.notify_all();
  });
  if (!started) throw std::runtime_error(started.error().what);
  server_ = std::move(*started);
  url_ = server_->url();
}

void Group::close() {
  const std::uint16_t port = server_->port();
  server_.reset();
  base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0)
    throw std::runtime_error("holding the robot's port");
  reserved_ = std::move(fd);
}

void Group::open() {
  sockaddr_in name{};
  socklen_t size = sizeof(name);
  ::getsockname(reserved_.get(), reinterpret_cast<sockaddr*>(&name), &size);
  reserved_.reset();
  listen(ntohs(name.sin_port));
}

Messages Group::requests() {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

Messages Group::messages() {
  return seen_by_the_group(requests(), About::kAlerts);
}

Messages Group::notices() {
  return seen_by_the_group(requests(), About::kTheAgent);
}

bool Group::wait_for(const std::function<bool(const Messages&)>& holds, std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  return grown_.wait_for(lock, deadline, [&] { return holds(seen_by_the_group(requests_, About::kAlerts)); });
}

bool Group::wait_for(std::size_t count) {
  return wait_for([=](const Messages& messages) { return alerts_in(messages).size() >= count; });
}

Clock::time_point Group::arrival(std::size_t index) {
  const std::scoped_lock lock(mutex_);
  return arrivals_.at(index);
}

std::vector<ToldAlert> alerts_in(const sandbox::Received& message) {
  const std::string& text = message.verdict.posted.text;
  if (text.find("Merged, nothing dropped") == std::string::npos)
    return {told_by(format::parse_markdown(text).heading)};
  std::vector<ToldAlert> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("- ") && !line.starts_with(kAgentsLine)) out.push_back(told_by(line));
  return out;
}

std::vector<ToldAlert> alerts_in(const Messages& messages) {
  std::vector<ToldAlert> out;
  for (const auto& message : messages)
    for (auto& alert : alerts_in(message)) out.push_back(std::move(alert));
  return out;
}

std::uint64_t hits_in(const sandbox::Received& message) {
  std::uint64_t total = 0;
  for (const auto& alert : alerts_in(message)) total += alert.hits;
  return total;
}

std::uint64_t hits_in(const Messages& messages) {
  std::uint64_t total = 0;
  for (const auto& message : messages) total += hits_in(message);
  return total;
}

}  // namespace dingtail::integration
