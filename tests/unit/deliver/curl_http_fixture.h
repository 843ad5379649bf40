// CurlHttp on a loop, with servers of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deliver/curl_http.h"
#include "support/loopback_server.h"

namespace dingtail::deliver {

using Connection = test::LoopbackConnection;
using Server = test::LoopbackServer;

inline constexpr char kOk[] = R"({"errcode":0,"errmsg":"ok"})";

inline void answer_ok(Connection& connection, const std::string& /*request*/) {
  connection.answer("200 OK", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", kOk);
}

class CurlHttpTest : public testing::Test {
 protected:
  CurlHttpTest() {
    std::signal(SIGPIPE, SIG_IGN);
    std::string pattern = std::filesystem::temp_directory_path() / "dingtail-deliver-XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  ~CurlHttpTest() override { std::filesystem::remove_all(directory); }

  static HttpRequest request(const std::string& url) {
    return {base::Secret(url), R"({"msgtype":"text","text":{"content":"磁盘满"}})", "", ""};
  }
  // No environment but what a test gives.
  void open(CurlOptions options = {.environment = {}}) {
    auto made = CurlHttp::make(loop, std::move(options));
    ASSERT_TRUE(made) << made.error().what;
    http = std::move(*made);
  }
  // Posts and runs the loop until the answer is there.
  HttpAnswer post(const HttpRequest& what) {
    if (!http) open();
    std::optional<HttpAnswer> got;
    http->post(what, [&](HttpAnswer answer) {
      EXPECT_FALSE(got) << "answered twice";
      got = std::move(answer);
      loop.stop();
    });
    EXPECT_FALSE(got) << "answered from inside post()";
    loop.run();
    EXPECT_TRUE(got) << "never answered";
    return got.value_or(HttpAnswer{});
  }
  HttpAnswer post(const std::string& url) { return post(request(url)); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(directory / name) << text;
    return directory / name;
  }
  static CurlOptions hasty() {
    return {.connect_timeout = std::chrono::milliseconds(150),
            .total_timeout = std::chrono::milliseconds(150),
            .environment = {}};
  }

  std::filesystem::path directory;
  loop::Loop loop;
  std::unique_ptr<CurlHttp> http;
};

// With names of the test's own.
class CurlHttpWayTest : public CurlHttpTest {
 protected:
  // A resolver that knows these names, as long as it answers.
  CurlOptions with_names(std::map<std::string, std::vector<std::string>> names) {
    CurlOptions options{.environment = {}};
    options.look_up =
        [this, known = std::move(names)](const std::string& host) -> base::Result<std::vector<std::string>> {
      ++look_ups;
      const auto found = known.find(host);
      if (found == known.end() || !answers) return base::fail(base::Code::kFailed, "no such name");
      return found->second;
    };
    return options;
  }
  HttpRequest trusting(const std::string& url) const {
    auto out = request(url);
    out.ca_file = write("ca.pem", certificate.pem);
    return out;
  }

  const test::Certificate certificate = test::make_certificate({"DNS:oapi.example"});
  const test::Tls tls{certificate};
  std::atomic<int> look_ups = 0;
  std::atomic<bool> answers = true;
};

}  // namespace dingtail::deliver
