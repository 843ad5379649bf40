#include "observe/control.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

namespace dingtail::observe {
namespace {

constexpr std::size_t kMostRequestBytes = 256UL * 1024;
constexpr std::size_t kMostConnections = 16;
constexpr std::string_view kNoRoom =
    "1\ndingtail: too many commands wait for this agent's answer; nothing was done\n"
    "  what to do: try again in a minute\n";

base::Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return base::fail(base::Code::kInvalid, "the control socket's path is longer than " +
                                                std::to_string(sizeof address.sun_path - 1) +
                                                " bytes: set `control` to a shorter one");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// `flags`: further ones of socket(2). With SOCK_NONBLOCK, kBusy where somebody listens and has no time.
base::Result<base::Fd> connect_to(const std::string& path, int flags) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected(address.error());
  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd) return base::fail_errno("socket", errno);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0) return fd;
  if (errno == ECONNREFUSED || errno == ENOENT)
    return base::fail(base::Code::kNotFound, "no agent answers on " + path);
  return base::fail_errno(path, errno);
}

}  // namespace

struct Control::Connection {
  std::uint64_t id = 0;
  base::Fd fd;
  std::string request;
  bool asked = false;                // the request is whole
  std::string answer;                // what is left of it
  std::unique_ptr<loop::Poll> poll;  // destroyed before fd
};

Control::Control(loop::Loop& loop, std::string path, base::Fd fd, Handler handler)
    : loop_(loop),
      path_(std::move(path)),
      socket_(file_at(path_)),
      fd_(std::move(fd)),
      handler_(std::move(handler)) {}

Control::~Control() {
  if (is_reachable()) ::unlink(path_.c_str());
}

std::optional<Control::File> Control::file_at(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  return File(info.st_dev, info.st_ino);
}

bool Control::is_reachable() const {
  return socket_ && file_at(path_) == socket_;
}

base::Result<std::unique_ptr<Control>> Control::listen(loop::Loop& loop, const std::string& path,
                                                       Handler handler) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected(address.error());
  const auto other = connect_to(path, SOCK_NONBLOCK);
  if (!other && other.error().code == base::Code::kBusy) return tl::unexpected(other.error());
  if (other) return base::fail(base::Code::kBusy, "another agent listens on " + path);
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) return base::fail(base::Code::kInvalid, path + " is there and is no socket");
    ::unlink(path.c_str());
  }
  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return base::fail_errno("socket", errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
    return base::fail_errno(path, errno);
  if (::chmod(path.c_str(), 0660) != 0 || ::listen(fd.get(), 8) != 0) return base::fail_errno(path, errno);
  std::unique_ptr<Control> control(new Control(loop, path, std::move(fd), std::move(handler)));
  auto poll =
      loop::Poll::open(loop, control->fd_.get(), [self = control.get()](loop::Ready) { self->accept(); });
  if (!poll) return base::within(path, std::move(poll).error());
  control->poll_ = std::make_unique<loop::Poll>(std::move(*poll));
  control->poll_->watch({.read = true});
  return control;
}

// In the place of one that never asks, or does not take its answer.
bool Control::make_room() {
  if (connections_.size() < kMostConnections) return true;
  const auto idle = std::ranges::find_if(
      connections_, [](const auto& each) { return !each->asked || !each->answer.empty(); });
  if (idle == connections_.end()) return false;
  connections_.erase(idle);
  return true;
}

void Control::accept() {
  base::Fd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd) return;
  if (!make_room()) {
    ::send(fd.get(), kNoRoom.data(), kNoRoom.size(), MSG_NOSIGNAL);
    return;
  }
  auto connection = std::make_unique<Connection>();
  connection->id = ++last_id_;
  connection->fd = std::move(fd);
  auto poll = loop::Poll::open(loop_, connection->fd.get(),
                               [this, raw = connection.get()](loop::Ready) { serve(*raw); });
  if (!poll) return;
  connection->poll = std::make_unique<loop::Poll>(std::move(*poll));
  connection->poll->watch({.read = true});
  connections_.push_back(std::move(connection));
}

void Control::serve(Connection& connection) {
  if (connection.answer.empty())
    read_request(connection);
  else
    write_answer(connection);
}

void Control::read_request(Connection& connection) {
  std::array<char, 64UL * 1024> buffer{};
  const ssize_t got = ::read(connection.fd.get(), buffer.data(), buffer.size());
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 || connection.request.size() > kMostRequestBytes) return drop(connection);
  connection.request.append(buffer.data(), static_cast<std::size_t>(got));
  const auto end = connection.request.find('\n');
  if (end == std::string::npos) return;
  connection.poll->watch({});
  connection.asked = true;
  const auto request = connection.request.substr(0, end);
  handler_(request, [this, id = connection.id](const Reply& reply) { answer(id, reply); });
}

void Control::answer(std::uint64_t id, const Reply& reply) {
  for (auto& connection : connections_) {
    if (connection->id != id) continue;
    connection->answer = std::to_string(reply.exit_code) + '\n' + reply.text;
    return write_answer(*connection);
  }
}

void Control::write_answer(Connection& connection) {
  const ssize_t sent =
      ::send(connection.fd.get(), connection.answer.data(), connection.answer.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return drop(connection);
  connection.answer.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
  if (connection.answer.empty()) return drop(connection);
  connection.poll->watch({.write = true});
}

void Control::drop(const Connection& connection) {
  connections_.remove_if([&](const auto& owned) { return owned.get() == &connection; });
}

base::Result<Reply> ask(const std::string& path, const std::string& request, base::Millis timeout) {
  const auto fd = connect_to(path, 0);
  if (!fd) return tl::unexpected(fd.error());
  const std::string line = request + '\n';
  const ssize_t sent = ::send(fd->get(), line.data(), line.size(), MSG_NOSIGNAL);
  const bool turned_away = sent < 0 && errno == EPIPE;  // and told why
  if (sent != static_cast<ssize_t>(line.size()) && !turned_away) return base::fail_errno(path, errno);
  std::string all;
  std::array<char, 64UL * 1024> buffer{};
  while (true) {
    pollfd ready{fd->get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(timeout.count())) <= 0)
      return base::fail(base::Code::kUnanswered, "the agent on " + path + " does not answer");
    const ssize_t got = ::read(fd->get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const auto end = all.find('\n');
  if (end == std::string::npos)
    return base::fail(base::Code::kUnanswered, "the agent on " + path + " went away before it answered");
  Reply reply{1, all.substr(end + 1)};
  std::from_chars(all.data(), all.data() + end, reply.exit_code);
  return reply;
}

}  // namespace dingtail::observe
