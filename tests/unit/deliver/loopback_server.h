// A real server on loopback for tests of CurlHttp: one thread, one connection after another, each given to
// `serve`.
#pragma once

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace dingtail::deliver {

// A self-signed certificate for one name, "DNS:localhost" or "IP:127.0.0.1", and its key.
class Certificate {
 public:
  explicit Certificate(const std::string& name)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), x509_(X509_new(), X509_free) {
    static std::atomic<long> serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(x509_.get()), serial++);
    X509_set_version(x509_.get(), 2);
    X509_gmtime_adj(X509_getm_notBefore(x509_.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509_.get()), 3600);
    X509_set_pubkey(x509_.get(), key_.get());
    auto* subject = X509_get_subject_name(x509_.get());
    const auto* common_name = reinterpret_cast<const unsigned char*>("dingtail test");
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(x509_.get(), subject);
    auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
    X509_add_ext(x509_.get(), names, -1);
    X509_EXTENSION_free(names);
    X509_sign(x509_.get(), key_.get(), EVP_sha256());
  }

  [[nodiscard]] std::string pem() const {
    const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_X509(out.get(), x509_.get());
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }
  void use(SSL_CTX* context) const {
    SSL_CTX_use_certificate(context, x509_.get());
    SSL_CTX_use_PrivateKey(context, key_.get());
  }

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> x509_;
};

class Connection {
 public:
  Connection(base::Fd fd, SSL_CTX* context) : fd_(std::move(fd)), ssl_(nullptr, SSL_free) {
    if (context == nullptr) return;
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), fd_.get());
    usable_ = SSL_accept(ssl_.get()) == 1;
  }
  [[nodiscard]] bool usable() const { return usable_; }

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
  bool write(const std::string& text) {
    const auto size = static_cast<int>(text.size());
    return (ssl_ ? SSL_write(ssl_.get(), text.data(), size)
                 : ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL)) == size;
  }
  void answer(const std::string& status, const std::string& headers, const std::string& body) {
    write("HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
          "\r\n\r\n" + body);
  }
  // Stays silent until the client gives up.
  void wait_for_end() {
    char byte = 0;
    while (read(&byte, 1) > 0) {
    }
  }
  // The client gets a reset, not an end.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd_.reset();
  }

 private:
  long read(char* to, int size) {
    return ssl_ ? SSL_read(ssl_.get(), to, size) : ::recv(fd_.get(), to, static_cast<std::size_t>(size), 0);
  }
  static bool whole(const std::string& request) {
    const auto end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto length = request.find("Content-Length: ");
    const auto body =
        length == std::string::npos ? 0 : std::strtoul(request.c_str() + length + 16, nullptr, 10);
    return request.size() >= end + 4 + body;
  }

  base::Fd fd_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  bool usable_ = true;
};

class Server {
 public:
  using Serve = std::function<void(Connection&, const std::string& request)>;

  // With a certificate it speaks TLS.
  explicit Server(Serve serve, const Certificate* certificate = nullptr)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), context_(nullptr, SSL_CTX_free) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), raw, size) != 0 || ::listen(listener_.get(), 16) != 0) std::abort();
    ::getsockname(listener_.get(), raw, &size);
    port_ = ntohs(address.sin_port);
    if (certificate != nullptr) {
      context_.reset(SSL_CTX_new(TLS_server_method()));
      certificate->use(context_.get());
    }
    thread_ = std::thread([this, serve = std::move(serve)] { run(serve); });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const {
    return (context_ ? "https://" : "http://") + host + ":" + std::to_string(port_) +
           "/robot/send?access_token=t0ken";
  }
  [[nodiscard]] std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // One each connection, as far as it was readable.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void run(const Serve& serve) {
    while (true) {
      base::Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd) return;
      Connection connection(std::move(fd), context_.get());
      const auto request = connection.usable() ? connection.read_request() : std::string();
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      if (connection.usable()) serve(connection, request);
    }
  }

  base::Fd listener_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace dingtail::deliver
