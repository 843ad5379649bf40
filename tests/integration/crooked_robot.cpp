#include "integration/crooked_robot.h"

#include <algorithm>
#include <fstream>

#include "integration/group.h"

namespace dingtail::integration {
namespace {

base::Now now() {
  using std::chrono::floor;
  return {floor<base::Millis>(std::chrono::steady_clock::now()),
          floor<base::Millis>(std::chrono::system_clock::now())};
}

std::string decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  return out;
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto at = text.find(before);
  if (at == std::string::npos) return {};
  const auto begin = at + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

// The bytes of an HTTP request as the robot takes it.
sandbox::Request read(const std::string& bytes) {
  sandbox::Request out;
  const auto target = between(bytes, " ", " ");
  out.method = bytes.substr(0, bytes.find(' '));
  out.path = target.substr(0, target.find('?'));
  out.content_type = between(bytes, "\r\nContent-Type: ", "\r\n");
  out.body = bytes.substr(bytes.find("\r\n\r\n") + 4);
  std::string query = between(target, "?", " ") + "&";
  for (std::size_t end = query.find('&'); end != std::string::npos; end = query.find('&')) {
    const auto pair = query.substr(0, end);
    query.erase(0, end + 1);
    out.parameters.emplace(pair.substr(0, pair.find('=')), decoded(pair.substr(pair.find('=') + 1)));
  }
  return out;
}

sandbox::RobotOptions strict() {
  sandbox::RobotOptions options;
  options.secret = base::Secret(kSecret);
  options.token = base::Secret(kToken);
  options.keywords = {kKeyword};
  options.per_minute = 0;
  return options;
}

}  // namespace

CrookedRobot::CrookedRobot(const test::CertificateOptions& certificate, int newest_tls) : robot_(strict()) {
  open(certificate, newest_tls);
}

void CrookedRobot::open(const test::CertificateOptions& certificate, int newest_tls) {
  certificate_ = test::make_certificate(certificate);
  server_ = std::make_unique<test::LoopbackServer>(
      [this](test::LoopbackConnection& connection, const std::string& request) {
        serve(connection, request);
      },
      test::Tls{certificate_, newest_tls}, port_);
  port_ = server_->port();
}

void CrookedRobot::reopen(const test::CertificateOptions& certificate, int newest_tls) {
  server_.reset();
  open(certificate, newest_tls);
}

std::string CrookedRobot::target(const std::string& ca_file, const std::string& more,
                                 const std::string& host) const {
  std::ofstream(ca_file) << certificate_.pem;
  return "[[target]]\nname = \"bad\"\ntype = \"dingtalk\"\nwebhook = \"https://" + host + ":" +
         std::to_string(port()) + "/robot/send?access_token=" + kToken + "\"\nsecret = \"" + kSecret +
         "\"\nkeywords = [\"" + kKeyword + "\"]\nper_minute = 1000000\nca_file = \"" + ca_file + "\"\n" +
         more + "\n";
}

void CrookedRobot::answer(Answer answer) {
  const std::scoped_lock lock(mutex_);
  answer_ = std::move(answer);
}

void CrookedRobot::serve(test::LoopbackConnection& connection, const std::string& bytes) {
  if (bytes.empty()) return;  // it does not trust us
  Answer how;
  {
    const std::scoped_lock lock(mutex_);
    const auto request = read(bytes);
    const auto parameter = [&](const char* name) {
      const auto found = request.parameters.find(name);
      return found == request.parameters.end() ? std::string() : found->second;
    };
    attempts_.push_back(
        {parameter("timestamp"), parameter("sign"), request.body, robot_.receive(request, now())});
    how = answer_ ? answer_ : errcode(attempts_.back().verdict.errcode, attempts_.back().verdict.errmsg);
    grown_.notify_all();
  }
  how(connection);
}

std::vector<Attempt> CrookedRobot::attempts() {
  const std::scoped_lock lock(mutex_);
  return attempts_;
}

bool CrookedRobot::wait_for_attempts(std::size_t count) {
  std::unique_lock lock(mutex_);
  return grown_.wait_for(lock, test::kDeadline, [&] { return attempts_.size() >= count; });
}

std::size_t CrookedRobot::connections_with_bytes() const {
  const auto all = server_->requests();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const std::string& each) { return !each.empty(); }));
}

CrookedRobot::Answer http(const std::string& status, const std::string& headers, const std::string& body) {
  return [=](test::LoopbackConnection& connection) { connection.answer(status, headers, body); };
}

CrookedRobot::Answer errcode(int errcode, const std::string& errmsg) {
  return http("200 OK", "Content-Type: application/json\r\n",
              R"({"errcode":)" + std::to_string(errcode) + R"(,"errmsg":")" + errmsg + "\"}");
}

}  // namespace dingtail::integration
