// A real server on loopback that does what a test says, byte by byte: each connection has a thread of its
// own, which reads a request and gives it to `serve`.
#pragma once

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "support/certificate.h"

namespace dingtail::test {

class LoopbackConnection {
 public:
  LoopbackConnection(base::Fd fd, SSL_CTX* context) : fd_(std::move(fd)), ssl_(nullptr, SSL_free) {
    if (context == nullptr) return;
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), fd_.get());
  }
  // In the clear there is nothing to do.
  bool shake_hands() { return !ssl_ || SSL_accept(ssl_.get()) == 1; }

  // Headers and body; what there is of them if the client goes away.
  std::string read_request() {
    std::string request;
    while (!whole(request)) {
      char buffer[4096];
      const auto got = read(buffer, sizeof buffer);
      if (got <= 0) break;
      request.append(buffer, static_cast<std::size_t>(got));
    }
    return request;
  }
  bool write(std::string_view text) {
    const auto size = static_cast<int>(text.size());
    return (ssl_ ? SSL_write(ssl_.get(), text.data(), size)
                 : ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL)) == size;
  }
  bool answer(const std::string& status, const std::string& headers, const std::string& body) {
    return write("HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body);
  }
  // Stays silent until the client, or the server, gives up.
  void wait_for_end() {
    char byte = 0;
    while (read(&byte, 1) > 0) {
    }
  }
  // Carries what each side says to the other, as a proxy does, until one of them ends.
  void join(const base::Fd& other) {
    pollfd ends[] = {{fd_.get(), POLLIN, 0}, {other.get(), POLLIN, 0}};
    while (true) {
      const bool held = ssl_ && SSL_pending(ssl_.get()) > 0;
      if (!held && ::poll(ends, 2, -1) < 0) return;
      char buffer[4096];
      if (held || ends[0].revents != 0) {
        const auto got = read(buffer, sizeof buffer);
        if (got <= 0 || ::send(other.get(), buffer, static_cast<std::size_t>(got), MSG_NOSIGNAL) != got)
          return;
      }
      if (!held && ends[1].revents != 0) {
        const auto got = ::recv(other.get(), buffer, sizeof buffer, 0);
        if (got <= 0 || !write({buffer, static_cast<std::size_t>(got)})) return;
      }
    }
  }
  // True if the client, or the server, gave up within that time.
  [[nodiscard]] bool ends_within(std::chrono::milliseconds time) const {
    const timeval wait{time.count() / 1000, time.count() % 1000 * 1000};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    char byte = 0;
    return ::recv(fd_.get(), &byte, 1, MSG_PEEK) == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }
  // The client gets a reset, not an end: now, by dissolving the association.
  void reset() const {
    const sockaddr nowhere{AF_UNSPEC, {}};
    static_cast<void>(::connect(fd_.get(), &nowhere, sizeof nowhere));
  }
  // Also from another thread: whoever reads or writes is done.
  void end() const { ::shutdown(fd_.get(), SHUT_RDWR); }

 private:
  long read(char* to, int size) {
    return ssl_ ? SSL_read(ssl_.get(), to, size) : ::recv(fd_.get(), to, static_cast<std::size_t>(size), 0);
  }
  static bool whole(const std::string& request) {
    if (request.starts_with('\x16')) return true;  // TLS where none is spoken
    const auto end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto length = request.find("Content-Length: ");
    const auto body =
        length == std::string::npos ? 0 : std::strtoul(request.c_str() + length + 16, nullptr, 10);
    return request.size() >= end + 4 + body;
  }

  base::Fd fd_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
};

struct Tls {
  Certificate certificate;
  int newest_version = 0;  // TLS1_VERSION: nothing newer is spoken; 0: what OpenSSL can
};

class LoopbackServer {
 public:
  using Serve = std::function<void(LoopbackConnection&, const std::string& request)>;

  // With a certificate it speaks TLS. On that port of 127.0.0.1; 0: any free one.
  explicit LoopbackServer(Serve serve, const std::optional<Tls>& tls = std::nullopt, std::uint16_t port = 0)
      : serve_(std::move(serve)),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        context_(tls ? context_of(*tls) : nullptr, SSL_CTX_free) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    auto* raw = reinterpret_cast<sockaddr*>(&name);
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(listener_.get(), raw, size) != 0 || ::listen(listener_.get(), 16) != 0) std::abort();
    ::getsockname(listener_.get(), raw, &size);
    port_ = ntohs(name.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  ~LoopbackServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    for (const auto& each : peers_) each.connection->end();
    for (auto& each : peers_) each.thread.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const {
    return (context_ ? "https://" : "http://") + host + ":" + std::to_string(port_) +
           "/robot/send?access_token=t0ken";
  }
  [[nodiscard]] std::string origin() const {
    return (context_ ? "https" : "http") + ("://127.0.0.1:" + std::to_string(port_));
  }
  // From now on: before anything is read. False: nothing will be.
  void admit(std::function<bool(LoopbackConnection&)> admit) {
    const std::lock_guard lock(mutex_);
    admit_ = std::move(admit);
  }
  // One each connection, as far as it was readable; empty where the handshake failed.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  struct Peer {
    std::unique_ptr<LoopbackConnection> connection;
    std::thread thread;
  };

  static SSL_CTX* context_of(const Tls& tls) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    const auto from_text = [](const std::string& text, auto read) {
      const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
          BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
      return read(memory.get(), nullptr, nullptr, nullptr);
    };
    const std::unique_ptr<X509, decltype(&X509_free)> x509(from_text(tls.certificate.pem, PEM_read_bio_X509),
                                                           X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        from_text(tls.certificate.key_pem, PEM_read_bio_PrivateKey), EVP_PKEY_free);
    SSL_CTX_use_certificate(context, x509.get());
    SSL_CTX_use_PrivateKey(context, key.get());
    if (tls.newest_version == 0) return context;
    SSL_CTX_set_security_level(context, 0);  // else OpenSSL does not speak what is old
    SSL_CTX_set_min_proto_version(context, 0);
    SSL_CTX_set_max_proto_version(context, tls.newest_version);
    return context;
  }

  void accept() {
    while (true) {
      base::Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd) return;
      auto& peer = peers_.emplace_back();
      peer.connection = std::make_unique<LoopbackConnection>(std::move(fd), context_.get());
      peer.thread = std::thread([this, connection = peer.connection.get()] { talk(*connection); });
    }
  }
  void talk(LoopbackConnection& connection) {
    sigset_t broken_pipe;  // OpenSSL raises it
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    std::function<bool(LoopbackConnection&)> admit;
    {
      const std::lock_guard lock(mutex_);
      admit = admit_;
    }
    const bool usable = connection.shake_hands() && (!admit || admit(connection));
    const auto request = usable ? connection.read_request() : std::string();
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (usable) serve_(connection, request);
    connection.end();
  }

  Serve serve_;
  base::Fd listener_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::function<bool(LoopbackConnection&)> admit_;
  std::list<Peer> peers_;  // the acceptor's, until it is joined
  std::thread acceptor_;
};

// Of a proxy: connects to the port of loopback that the request names, whatever the host, and carries.
inline void connect_through(LoopbackConnection& client, const std::string& request) {
  base::Fd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(std::stoi(request.substr(request.find(':') + 1))));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) return;
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  client.join(server);
}

}  // namespace dingtail::test
