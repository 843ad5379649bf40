// A name server on loopback that knows one address, 127.0.0.1, for every name, or says what a test wants. For
// programs whose /etc/resolv.conf names its address; port 53 is root's.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <thread>

#include "base/fd.h"

namespace dingtail::test {

class NameServer {
 public:
  enum class Says { kAddress, kNoSuchName, kFailure, kNothing };

  explicit NameServer(std::string address)
      : address_(std::move(address)), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(53);
    ::inet_pton(AF_INET, address_.c_str(), &name.sin_addr);
    is_there_ = ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
    if (is_there_) thread_ = std::thread([this] { run(); });
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer() {
    ending_ = true;
    ::shutdown(socket_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] bool is_there() const { return is_there_; }
  [[nodiscard]] std::string resolv_conf(const std::string& options) const {
    return "nameserver " + address_ + "\noptions " + options + "\n";
  }
  void say(Says says) { says_ = says; }
  [[nodiscard]] int asked() const { return asked_; }

 private:
  void run() {
    while (!ending_) {
      std::array<char, 512> query{};
      sockaddr_in from{};
      socklen_t size = sizeof from;
      auto* raw = reinterpret_cast<sockaddr*>(&from);
      const auto got = ::recvfrom(socket_.get(), query.data(), query.size(), 0, raw, &size);
      if (got < 12) continue;
      ++asked_;
      const auto answer = answer_to({query.data(), static_cast<std::size_t>(got)});
      if (!answer.empty()) ::sendto(socket_.get(), answer.data(), answer.size(), 0, raw, size);
    }
  }

  // RFC 1035, section 4: the header with its flags and counts, the question as it came, an A record.
  [[nodiscard]] std::string answer_to(std::string_view query) const {
    const Says says = says_;
    if (says == Says::kNothing) return {};
    const auto name_end = query.find('\0', 12);
    if (name_end == std::string_view::npos || name_end + 5 > query.size()) return {};
    const auto question = query.substr(12, name_end + 5 - 12);
    const bool has_address = says == Says::kAddress && question[question.size() - 3] == 1;  // type A
    const char code = says == Says::kNoSuchName ? 3 : says == Says::kFailure ? 2 : 0;
    std::string out(query.substr(0, 2));
    out += {'\x81', static_cast<char>('\x80' | code), 0, 1, 0, has_address ? '\1' : '\0', 0, 0, 0, 0};
    out += question;
    if (has_address) out += {'\xC0', 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
    return out;
  }

  std::string address_;
  base::Fd socket_;
  bool is_there_ = false;
  std::atomic<Says> says_ = Says::kAddress;
  std::atomic<int> asked_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace dingtail::test
