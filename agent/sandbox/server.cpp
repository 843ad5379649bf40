#include "sandbox/server.h"

#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "sandbox/listen.h"

namespace dingtail::sandbox {
namespace {

constexpr std::size_t kMostStored = std::size_t{1} << 20;  // of a body; the robot refuses far less

// One request while it arrives.
struct Exchange {
  Misbehaviour mood;
  std::string body;
};

struct Answer {
  unsigned int status;
  const char* content_type;
  std::string body;
};

base::Now read_clock() {
  using std::chrono::floor;
  return {floor<base::Millis>(std::chrono::steady_clock::now()),
          floor<base::Millis>(std::chrono::system_clock::now())};
}

MHD_Result add_parameter(void* parameters, MHD_ValueKind /*kind*/, const char* name, const char* value) {
  static_cast<decltype(Request::parameters)*>(parameters)->emplace(name, value == nullptr ? "" : value);
  return MHD_YES;
}

Request to_request(MHD_Connection* connection, const char* path, const char* method, std::string body) {
  Request request;
  request.path = path;
  request.method = method;
  request.body = std::move(body);
  const char* type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
  if (type != nullptr) request.content_type = type;
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_parameter, &request.parameters);
  return request;
}

Answer to_answer(const Verdict& verdict, const Misbehaviour& mood) {
  const auto status = static_cast<unsigned int>(verdict.http_status);
  if (!mood.garbage.empty()) return {status, "text/html", mood.garbage};
  if (status != 200)
    return {status, "text/html", "<html><body>" + std::to_string(status) + "</body></html>\n"};
  const nlohmann::ordered_json json = {{"errcode", verdict.errcode}, {"errmsg", verdict.errmsg}};
  return {status, "application/json;charset=utf-8",
          json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

MHD_Result send(MHD_Connection* connection, const Answer& answer) {
  MHD_Response* response = MHD_create_response_from_buffer(
      answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type);
  const MHD_Result queued = MHD_queue_response(connection, answer.status, response);
  MHD_destroy_response(response);
  return queued;
}

// libmicrohttpd would end its connections with FIN, even under SO_LINGER 0: dissolving the association sends
// RST now.
MHD_Result reset(MHD_Connection* connection) {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  const sockaddr nowhere{AF_UNSPEC, {}};
  static_cast<void>(::connect(info->connect_fd, &nowhere, sizeof(nowhere)));
  return MHD_NO;
}

}  // namespace

class Server::Daemon {
 public:
  Daemon(RobotOptions options, OnMessage on_message, Misbehaviour mood)
      : robot_(std::move(options)), on_message_(std::move(on_message)), mood_(std::move(mood)) {}
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    {
      const std::scoped_lock lock(mood_mutex_);
      stopping_ = true;
    }
    stop_.notify_all();
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  }

  base::Result<std::uint16_t> start(const ServerOptions& options);  // the port
  void misbehave(Misbehaviour mood);

 private:
  static MHD_Result on_part(void* self, MHD_Connection* connection, const char* path, const char* method,
                            const char* version, const char* data, std::size_t* size, void** exchange);
  static void on_end(void* self, MHD_Connection* connection, void** exchange,
                     MHD_RequestTerminationCode code);

  Misbehaviour next_mood();
  MHD_Result answer(MHD_Connection* connection, const Request& request, const Misbehaviour& mood);
  Verdict take(const Request& request, const Misbehaviour& mood);
  bool wait(base::Millis delay);

  std::mutex robot_mutex_;  // robot_ and the calls of on_message_, so that they come in the order of judging
  Robot robot_;
  OnMessage on_message_;
  std::mutex mood_mutex_;  // what follows; its own, so that on_message_ may change the mood
  Misbehaviour mood_;
  bool stopping_ = false;
  std::condition_variable stop_;
  MHD_Daemon* daemon_ = nullptr;
};

base::Result<std::uint16_t> Server::Daemon::start(const ServerOptions& options) {
  auto listener = listen_on(options.address, options.port);
  if (!listener) return tl::unexpected(std::move(listener).error());
  const bool tls = !options.tls_certificate_pem.empty() || !options.tls_key_pem.empty();
  // A thread a connection: a late answer is a thread that waits, and keeps nobody else waiting.
  unsigned int flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION;
  if (tls) flags |= MHD_USE_TLS;
  // The socket is libmicrohttpd's from here: it closes it even where it fails to start.
  std::vector<MHD_OptionItem> items = {{MHD_OPTION_LISTEN_SOCKET, listener->socket.release(), nullptr}};
  if (tls) {
    items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, const_cast<char*>(options.tls_certificate_pem.c_str())});
    items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, const_cast<char*>(options.tls_key_pem.c_str())});
  }
  items.push_back({MHD_OPTION_END, 0, nullptr});
  daemon_ = MHD_start_daemon(flags, 0, nullptr, nullptr, &on_part, this, MHD_OPTION_NOTIFY_COMPLETED, &on_end,
                             this, MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
  if (daemon_ == nullptr)
    return base::fail(base::Code::kFailed, tls ? "starting HTTPS: is it a certificate and its key, in PEM?"
                                               : "starting HTTP: no thread for it");
  return listener->port;
}

void Server::Daemon::misbehave(Misbehaviour mood) {
  const std::scoped_lock lock(mood_mutex_);
  mood_ = std::move(mood);
}

Misbehaviour Server::Daemon::next_mood() {
  const std::scoped_lock lock(mood_mutex_);
  if (mood_.times != 1) {
    if (mood_.times > 1) --mood_.times;
    return mood_;
  }
  return std::exchange(mood_, {});
}

// The time is over, unless the server stops.
bool Server::Daemon::wait(base::Millis delay) {
  std::unique_lock lock(mood_mutex_);
  return !stop_.wait_for(lock, delay, [this] { return stopping_; });
}

Verdict Server::Daemon::take(const Request& request, const Misbehaviour& mood) {
  const std::scoped_lock lock(robot_mutex_);
  const base::Now now = read_clock();
  const bool refuses = mood.errcode != 0 || mood.http_status != 0;
  Verdict verdict = refuses ? robot_.judge(request, now) : robot_.receive(request, now);
  if (refuses) verdict.repeat = false;
  if (mood.errcode != 0) {
    verdict.errcode = mood.errcode;
    verdict.errmsg = mood.errmsg;
  }
  if (mood.http_status != 0) verdict.http_status = mood.http_status;
  on_message_({now.wall, verdict});
  return verdict;
}

MHD_Result Server::Daemon::answer(MHD_Connection* connection, const Request& request,
                                  const Misbehaviour& mood) {
  const Verdict verdict = take(request, mood);
  if (!wait(mood.delay)) return MHD_NO;
  if (mood.reset == Reset::kAfterBody) return reset(connection);
  return send(connection, to_answer(verdict, mood));
}

MHD_Result Server::Daemon::on_part(void* self, MHD_Connection* connection, const char* path,
                                   const char* method, const char* /*version*/, const char* data,
                                   std::size_t* size, void** exchange) {
  auto& daemon = *static_cast<Daemon*>(self);
  if (*exchange == nullptr) {
    auto begun = std::make_unique<Exchange>(Exchange{daemon.next_mood(), {}});
    if (begun->mood.reset == Reset::kBeforeBody) return reset(connection);
    *exchange = begun.release();
    return MHD_YES;
  }
  auto& current = *static_cast<Exchange*>(*exchange);
  if (*size > 0) {
    current.body.append(data, std::min(*size, kMostStored - current.body.size()));
    *size = 0;
    return MHD_YES;
  }
  return daemon.answer(connection, to_request(connection, path, method, std::move(current.body)),
                       current.mood);
}

void Server::Daemon::on_end(void* /*self*/, MHD_Connection* /*connection*/, void** exchange,
                            MHD_RequestTerminationCode /*code*/) {
  delete static_cast<Exchange*>(*exchange);
  *exchange = nullptr;
}

Server::Server(std::unique_ptr<Daemon> daemon, std::uint16_t port, std::string url)
    : daemon_(std::move(daemon)), port_(port), url_(std::move(url)) {}
Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, RobotOptions robot,
                                                    OnMessage on_message) {
  const std::string token = robot.token.empty() ? "sandbox" : robot.token.reveal();
  auto daemon = std::make_unique<Daemon>(std::move(robot), std::move(on_message), options.misbehaviour);
  const auto port = daemon->start(options);
  if (!port) return tl::unexpected(port.error());
  const std::string scheme = options.tls_certificate_pem.empty() ? "http://" : "https://";
  const bool is_ipv6 = options.address.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + options.address + "]" : options.address;
  std::string url = scheme + host + ":" + std::to_string(*port) + "/robot/send?access_token=" + token;
  return std::unique_ptr<Server>(new Server(std::move(daemon), *port, std::move(url)));
}

void Server::misbehave(Misbehaviour misbehaviour) {
  daemon_->misbehave(std::move(misbehaviour));
}

}  // namespace dingtail::sandbox
