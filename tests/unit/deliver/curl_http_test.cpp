#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "unit/deliver/curl_http_fixture.h"

namespace dingtail::deliver {
namespace {

using std::chrono::milliseconds;
using test::make_certificate;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(CurlHttpTest, PostsTheBodyAndReturnsTheAnswer) {
  const Server server(answer_ok);
  const auto answer = post(server.url());
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, kOk);
  EXPECT_EQ(answer.date, base::from_unix_ms(784111777000));
  ASSERT_THAT(server.requests(), SizeIs(1));
  const auto sent = server.requests()[0];
  EXPECT_THAT(sent, testing::StartsWith("POST /robot/send?access_token=t0ken HTTP/1.1\r\n"));
  EXPECT_THAT(sent, HasSubstr("\r\nContent-Type: application/json; charset=utf-8\r\n"));
  EXPECT_THAT(sent, HasSubstr("\r\nUser-Agent: dingtail\r\n"));
  EXPECT_THAT(sent, Not(HasSubstr("Expect:")));
  EXPECT_THAT(sent, Not(HasSubstr("Accept-Encoding:")));
  EXPECT_THAT(sent, testing::EndsWith("\r\n\r\n" + request("").body));
}

TEST_F(CurlHttpTest, AsksForNo100ContinueWithTheLargestBody) {
  const Server server(answer_ok);
  auto large = request(server.url());
  large.body = std::string(20'000, 'x');
  EXPECT_EQ(post(large).status, 200);
  EXPECT_THAT(server.requests()[0], Not(HasSubstr("Expect:")));
}

TEST_F(CurlHttpTest, OpensAConnectionForEachMessage) {
  const Server server([](Connection& connection, std::string request) {
    for (; !request.empty(); request = connection.read_request()) answer_ok(connection, request);
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post(server.url()).status, 200);
  EXPECT_THAT(server.requests(), SizeIs(3));  // one each connection
}

TEST_F(CurlHttpTest, TellsThatAConnectionWasRefused) {
  std::string url;
  { url = Server(answer_ok).url(); }  // nobody listens there any more
  const auto answer = post(url);
  EXPECT_EQ(answer.transport, Transport::kConnect);
  EXPECT_EQ(answer.status, 0);
  EXPECT_FALSE(answer.error.empty());
  EXPECT_THAT(answer.error, Not(HasSubstr("t0ken")));
}

TEST_F(CurlHttpTest, GivesUpASilentServer) {
  const Server server([](Connection& connection, const std::string&) { connection.wait_for_end(); });
  open(hasty());
  EXPECT_EQ(post(server.url()).transport, Transport::kTimeout);
}

TEST_F(CurlHttpTest, GivesUpAServerThatNeverFinishesItsHandshake) {
  const Server server([](Connection& connection, const std::string&) { connection.wait_for_end(); });
  open(hasty());
  auto url = server.url();
  url.replace(0, 4, "https");
  EXPECT_EQ(post(url).transport, Transport::kConnect);  // nothing was sent
}

TEST_F(CurlHttpTest, DoesNotRepeatAMessageWhoseConnectionBreaks) {
  const Server server([](Connection& connection, const std::string&) { connection.reset(); });
  const auto answer = post(server.url());
  EXPECT_EQ(answer.transport, Transport::kOther);
  EXPECT_THAT(server.requests(), SizeIs(1));
}

TEST_F(CurlHttpTest, DoesNotRepeatAMessageThatWasReadAndNotAnswered) {
  const Server server([served = 0](Connection& connection, const std::string& request) mutable {
    if (served++ == 0) answer_ok(connection, request);
  });
  EXPECT_EQ(post(server.url()).status, 200);
  EXPECT_EQ(post(server.url()).transport, Transport::kOther);
  EXPECT_THAT(server.requests(), SizeIs(2));
}

TEST_F(CurlHttpTest, CutsAnEndlessBody) {
  const Server server([](Connection& connection, const std::string&) {
    connection.write("HTTP/1.1 200 OK\r\n\r\n");
    while (connection.write(std::string(10'000, 'x'))) {
    }
  });
  const auto answer = post(server.url());
  EXPECT_EQ(answer.transport, Transport::kTooLarge);
  EXPECT_THAT(answer.body, SizeIs(65'536));
}

TEST_F(CurlHttpTest, CutsEndlessHeaders) {
  const Server server([](Connection& connection, const std::string&) {
    connection.write("HTTP/1.1 200 OK\r\n");
    while (connection.write("X-More: " + std::string(1'000, 'x') + "\r\n")) {
    }
  });
  EXPECT_EQ(post(server.url()).transport, Transport::kTooLarge);
}

TEST_F(CurlHttpTest, TakesAnAnswerOfExactly64KiB) {
  const Server server([](Connection& connection, const std::string&) {
    connection.answer("200 OK", "", std::string(65'536, 'x'));
  });
  const auto answer = post(server.url());
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
  EXPECT_THAT(answer.body, SizeIs(65'536));
}

TEST_F(CurlHttpTest, DoesNotFollowARedirect) {
  const Server elsewhere(answer_ok);
  const Server server([&](Connection& connection, const std::string&) {
    connection.answer("307 Temporary Redirect", "Location: " + elsewhere.url() + "\r\n", "");
  });
  EXPECT_EQ(post(server.url()).status, 307);
  EXPECT_THAT(elsewhere.requests(), IsEmpty());
}

TEST_F(CurlHttpTest, RefusesASelfSignedCertificate) {
  const auto certificate = make_certificate({"IP:127.0.0.1"});
  const Server server(answer_ok, test::Tls{certificate});
  const auto answer = post(server.url());
  EXPECT_EQ(answer.transport, Transport::kTls);
  EXPECT_THAT(answer.error, HasSubstr("certificate"));
}

TEST_F(CurlHttpTest, TrustsACertificateInCaFile) {
  const auto certificate = make_certificate({"IP:127.0.0.1"});
  const Server server(answer_ok, test::Tls{certificate});
  auto trusting = request(server.url());
  trusting.ca_file = write("ca.pem", certificate.pem);
  for (int i = 0; i < 2; ++i) {
    const auto answer = post(trusting);
    EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
    EXPECT_EQ(answer.body, kOk);
  }
  EXPECT_EQ(post(server.url()).transport, Transport::kTls);  // the trust is that target's alone
}

TEST_F(CurlHttpTest, RefusesATrustedCertificateOfAnotherHost) {
  const auto certificate = make_certificate({"DNS:elsewhere.example"});
  const Server server(answer_ok, test::Tls{certificate});
  auto trusting = request(server.url());
  trusting.ca_file = write("ca.pem", certificate.pem);
  EXPECT_EQ(post(trusting).transport, Transport::kTls);
  for (const auto& each : server.requests()) EXPECT_THAT(each, IsEmpty());
}

TEST_F(CurlHttpTest, ReadsACaFileAnewWhenItChanged) {
  const auto certificate = make_certificate({"DNS:localhost"});
  const Server server(answer_ok, test::Tls{certificate});
  auto trusting = request(server.url("localhost"));
  trusting.ca_file = write("ca.pem", make_certificate({"DNS:localhost"}).pem);
  EXPECT_EQ(post(trusting).transport, Transport::kTls);
  std::filesystem::rename(write("new.pem", certificate.pem), trusting.ca_file);
  const auto answer = post(trusting);
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
}

TEST_F(CurlHttpTest, NamesACaFileThatCannotBeUsed) {
  const auto certificate = make_certificate({"IP:127.0.0.1"});
  const Server server(answer_ok, test::Tls{certificate});
  auto trusting = request(server.url());
  trusting.ca_file = directory / "missing.pem";
  auto answer = post(trusting);
  EXPECT_EQ(answer.transport, Transport::kTls);
  EXPECT_THAT(answer.error, HasSubstr("missing.pem: No such file"));
  trusting.ca_file = write("broken.pem", "no certificate\n");
  answer = post(trusting);
  EXPECT_EQ(answer.transport, Transport::kTls);
  EXPECT_THAT(answer.error, HasSubstr("broken.pem: no certificate"));
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST_F(CurlHttpTest, TrustsTheSystemsBundleWithAndWithoutACaFile) {
  const auto certificate = make_certificate({"IP:127.0.0.1"});
  const Server server(answer_ok, test::Tls{certificate});
  open({.system_bundle = write("system.crt", certificate.pem), .environment = {}});
  auto answer = post(server.url());
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
  auto more = request(server.url());
  more.ca_file = write("ca.pem", make_certificate({"DNS:localhost"}).pem);
  answer = post(more);
  EXPECT_EQ(answer.transport, Transport::kOk) << answer.error;
}

TEST_F(CurlHttpTest, TrustsCaFileWhereTheSystemHasNoBundle) {
  const auto certificate = make_certificate({"IP:127.0.0.1"});
  const Server server(answer_ok, test::Tls{certificate});
  open({.system_bundle = directory / "none.crt", .environment = {}});
  EXPECT_THAT(post(server.url()).error, HasSubstr("none.crt: No such file"));
  auto trusting = request(server.url());
  trusting.ca_file = write("ca.pem", certificate.pem);
  EXPECT_EQ(post(trusting).transport, Transport::kOk);
}

TEST_F(CurlHttpTest, SendsNothingUnencryptedToAnotherHost) {
  for (const char* url : {"http://192.0.2.1/", "http://oapi.dingtalk.com/x", "http://127.0.0.1@192.0.2.1/",
                          "http://localhost.example/", "http://[::2]/", "http://0.0.0.0/", "ftp://127.0.0.1/",
                          "file:///etc/passwd", "", "127.0.0.1 /"}) {
    const auto answer = post(std::string(url));
    EXPECT_EQ(answer.transport, Transport::kUrl) << url;
    EXPECT_THAT(answer.error, HasSubstr("https")) << url;
  }
}

TEST_F(CurlHttpTest, SpeaksHttpToAllNamesOfLoopback) {
  const Server server(answer_ok);
  EXPECT_EQ(post(server.url("localhost")).status, 200);
  std::string url;
  { url = Server(answer_ok).url("127.9.9.9"); }
  EXPECT_EQ(post(url).transport, Transport::kConnect);  // tried
}

TEST_F(CurlHttpTest, DoesNotLetOneServerDelayAnother) {
  const Server silent([](Connection& connection, const std::string&) { connection.wait_for_end(); });
  const Server quick(answer_ok);
  open();
  bool silent_answered = false;
  http->post(request(silent.url()), [&](const HttpAnswer&) { silent_answered = true; });
  EXPECT_EQ(post(quick.url()).status, 200);
  EXPECT_FALSE(silent_answered);
  http.reset();  // ends what is on its way, unanswered
  EXPECT_FALSE(silent_answered);
}

TEST_F(CurlHttpTest, AnswersEachOfSeveralMessages) {
  const Server server(answer_ok);
  open();
  std::vector<Transport> answers;
  for (const auto& url : {std::string("ftp://x"), server.url(), std::string("ftp://y"), server.url()})
    http->post(request(url), [&](const HttpAnswer& answer) {
      answers.push_back(answer.transport);
      if (answers.size() == 4) loop.stop();
    });
  loop.run();
  EXPECT_THAT(answers, testing::UnorderedElementsAre(Transport::kUrl, Transport::kUrl, Transport::kOk,
                                                     Transport::kOk));
}

TEST_F(CurlHttpTest, MayBeEndedByAnAnswer) {
  open();
  int answers = 0;
  for (int i = 0; i < 2; ++i)
    http->post(request("ftp://x"), [&](const HttpAnswer&) {
      ++answers;
      http.reset();
    });
  loop.run();  // ends by itself: nothing is left on the loop
  EXPECT_EQ(answers, 1);
}

}  // namespace
}  // namespace dingtail::deliver
