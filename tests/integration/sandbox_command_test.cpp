// `dingtail sandbox` as a stranger meets it: a process, a socket, and refusals as DingTalk's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "integration/host.h"
#include "support/client.h"

namespace dingtail::integration {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kOk = R"({"errcode":0,"errmsg":"ok"})";

std::int64_t now_ms() {
  using std::chrono::duration_cast;
  return duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// As dingtalk.md's shell line does it.
std::string signature(std::int64_t timestamp, const std::string& secret) {
  const std::string message = std::to_string(timestamp) + "\n" + secret;
  unsigned char mac[32];
  std::size_t size = 0;
  EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, secret.data(), secret.size(),
            reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac, sizeof(mac), &size);
  unsigned char base64[64];
  const int length = EVP_EncodeBlock(base64, mac, static_cast<int>(size));
  std::string out(base64, base64 + length);
  for (const auto& [from, to] : {std::pair("+", "%2B"), {"/", "%2F"}, {"=", "%3D"}})
    out = base::replace_all(std::move(out), from, to);
  return "&timestamp=" + std::to_string(timestamp) + "&sign=" + out;
}

std::string text_message(const std::string& text) {
  return R"({"msgtype":"text","text":{"content":")" + text + "\"}}";
}

class SandboxCommand : public Host {
 protected:
  void serve(std::vector<std::string> options) {
    options.insert(options.begin(), {"sandbox", "--listen", "127.0.0.1:0", "--json"});
    process_ = std::make_unique<test::Process>(
        test::Command{DINGTAIL_BINARY, options, environment_, dir_.path()}, file("sandbox"));
    ASSERT_TRUE(test::eventually([&] {
      return process_->err().find("/robot/send?") != std::string::npos && process_->err().back() == '\n';
    }));
    const auto said = process_->err();
    url_ = said.substr(said.find("http"));
    url_ = url_.substr(0, url_.find('\n'));
  }
  std::string post(const std::string& body, const std::string& query = "") {
    return test::send({url_ + query, body}).body;
  }

  std::unique_ptr<test::Process> process_;
  std::string url_;
};

TEST_F(SandboxCommand, RefusesAWrongSecretAndAnOldTimestamp) {
  serve({"--secret", "SECright"});
  const auto now = now_ms();
  EXPECT_EQ(post(text_message("x"), signature(now, "SECright")), kOk);
  EXPECT_THAT(post(text_message("x"), signature(now, "SECwrong")),
              HasSubstr(R"("errcode":310000,"errmsg":"sign not match")"));
  EXPECT_THAT(post(text_message("x"), signature(now - 3'600'000, "SECright")),
              HasSubstr(R"("errcode":310000,"errmsg":"invalid timestamp")"));
  EXPECT_EQ(post(text_message("x"), signature(now - 3'500'000, "SECright")), kOk);
  EXPECT_THAT(post(text_message("x")), HasSubstr("310000"));
}

TEST_F(SandboxCommand, RefusesAnotherToken) {
  serve({"--token", "right"});
  EXPECT_EQ(post(text_message("x")), kOk);
  url_ = base::replace_all(url_, "right", "wrong");
  EXPECT_THAT(post(text_message("x")), HasSubstr("300005"));
}

TEST_F(SandboxCommand, RefusesAMessageWithoutAKeyword) {
  serve({"--keyword", "alarm", "--keyword", "告警"});
  EXPECT_THAT(post(text_message("nothing")),
              HasSubstr(R"("errcode":310000,"errmsg":"keywords not in content)"));
  EXPECT_EQ(post(text_message("an alarm")), kOk);
  EXPECT_EQ(post(text_message("一个告警")), kOk);
}

TEST_F(SandboxCommand, RefusesOneByteTooMany) {
  serve({});
  const std::size_t frame = text_message("").size();
  EXPECT_EQ(post(text_message(std::string(20'000 - frame, 'x'))), kOk);
  EXPECT_THAT(post(text_message(std::string(20'001 - frame, 'x'))), HasSubstr("460101"));
}

TEST_F(SandboxCommand, RefusesTheTwentyFirstMessageOfAMinute) {
  serve({});
  for (int i = 1; i <= 20; ++i) ASSERT_EQ(post(text_message("x")), kOk) << i;
  EXPECT_THAT(post(text_message("x")), HasSubstr("410100"));
}

TEST_F(SandboxCommand, ShowsEachMessageToPrograms) {
  serve({});
  EXPECT_EQ(post(text_message("hello")), kOk);
  EXPECT_THAT(post("{}"), HasSubstr("400105"));
  process_->signal(SIGTERM);
  EXPECT_EQ(process_->wait(), 0);
  const auto out = process_->out();
  const auto lines = base::split(out, '\n');
  ASSERT_EQ(lines.size(), 3U) << out;
  EXPECT_EQ(json::parse(lines[0])["text"], "hello");
  EXPECT_EQ(json::parse(lines[0])["accepted"], true);
  EXPECT_EQ(json::parse(lines[1])["errcode"], 400105);
}

TEST_F(SandboxCommand, MisbehavesAsItIsTold) {
  serve({"--errcode", "130101", "--errmsg", "send too fast", "--times", "1"});
  EXPECT_EQ(post(text_message("x")), R"({"errcode":130101,"errmsg":"send too fast"})");
  EXPECT_EQ(post(text_message("x")), kOk);
}

TEST_F(SandboxCommand, SpeaksTls) {
  const auto certificate = test::make_certificate();
  serve({"--tls-cert", dir_.write("cert.pem", certificate.pem), "--tls-key",
         dir_.write("key.pem", certificate.key_pem)});
  EXPECT_THAT(url_, testing::StartsWith("https://"));
  EXPECT_EQ(test::send({url_, text_message("x"), "application/json", certificate.pem}).body, kOk);
}

}  // namespace
}  // namespace dingtail::integration
