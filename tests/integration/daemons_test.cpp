// Real daemons fail for real, and their own words become messages through the shipped packs. Each runs on
// loopback with its configuration and data in the test's directory. A daemon that is not installed fails its
// test: tests/run installs them all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "integration/host.h"
#include "support/client.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class Daemons : public Host {
 protected:
  // Follows `log`, read from its beginning, with the pack alone.
  void follow(const std::string& pack, const std::string& log) {
    write_config("packs = [\"" + pack +
                 "\"]\nstate_dir = \"state\"\n[defaults]\ngroup_wait = \"0s\"\n[[source]]\n"
                 "name = \"daemon\"\npaths = [\"" +
                 log + "\"]\nread_from = \"beginning\"\n" + target());
    launch({"run", "-c", file("dingtail.toml")});
    ASSERT_TRUE(wait_until_ready()) << agent().err();
  }
  std::string first_message() {
    EXPECT_TRUE(group().wait_for(1)) << agent().err();
    const auto messages = group().messages();
    return messages.empty() ? "" : messages.front().verdict.posted.text;
  }
  static bool listens(std::uint16_t port) {
    const base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0;
  }
};

// sshd as root insists on its privilege separation directory, which its service makes at the start.
class RunSshd {
 public:
  RunSshd() : made_(fs::create_directory("/run/sshd", ignored_)) {}
  RunSshd(const RunSshd&) = delete;
  RunSshd& operator=(const RunSshd&) = delete;
  ~RunSshd() {
    if (made_) fs::remove("/run/sshd", ignored_);
  }

 private:
  std::error_code ignored_;
  bool made_;
};

#define REQUIRE_INSTALLED(program, package)                                                   \
  ASSERT_NE(test::find_program(program), "") << program                                       \
                                             << " is not installed: apt-get install " package \
                                                " (tests/run installs everything that the tests need)"

TEST_F(Daemons, WrongPasswordsAtSshdBecomeAMessage) {
  REQUIRE_INSTALLED("sshd", "openssh-server");
  REQUIRE_INSTALLED("ssh", "openssh-client");
  REQUIRE_INSTALLED("sshpass", "sshpass");
  const RunSshd run_sshd;
  const auto port = test::free_port();
  ASSERT_EQ(
      test::run({"ssh-keygen", {"-q", "-t", "ed25519", "-N", "", "-f", file("host_key")}}, file("keygen"))
          .code,
      0);
  const auto config = dir_.write("sshd_config", "ListenAddress 127.0.0.1:" + std::to_string(port) +
                                                    "\nHostKey " + file("host_key") +
                                                    "\nPidFile none\nUsePAM no\nPasswordAuthentication yes\n"
                                                    "KbdInteractiveAuthentication no\nPermitRootLogin no\n");
  const test::Process sshd({"sshd", {"-D", "-f", config, "-E", file("auth.log")}}, file("sshd"));
  ASSERT_TRUE(test::eventually([=] { return listens(port); })) << sshd.err();
  follow("sshd", "auth.log");
  for (int i = 0; i < 3; ++i)
    test::run(
        {"sshpass",
         {"-p", "wrong", "ssh", "-F", "none", "-p", std::to_string(port), "-o", "StrictHostKeyChecking=no",
          "-o", "UserKnownHostsFile=/dev/null", "-o", "PreferredAuthentications=password", "-o",
          "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1", "nosuchuser@127.0.0.1", "true"}},
        file("ssh"));
  const auto text = first_message();
  EXPECT_THAT(text, AllOf(HasSubstr("3 failed SSH logins from 127"), HasSubstr("ssh-brute-force"),
                          HasSubstr("nosuchuser")));
}

TEST_F(Daemons, ADeadUpstreamOfNginxBecomesAMessage) {
  REQUIRE_INSTALLED("nginx", "nginx-light");
  const auto port = test::free_port();
  const auto dead = test::free_port();
  std::string temp_paths;
  for (const char* what : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    temp_paths += std::string(what) + "_temp_path " + file(std::string("temp_") + what) + ";\n";
  const auto config = dir_.write(
      "nginx.conf", "daemon off;\nmaster_process off;\npid " + file("nginx.pid") + ";\nerror_log " +
                        file("error.log") + ";\nevents {}\nhttp {\naccess_log off;\n" + temp_paths +
                        "server { listen 127.0.0.1:" + std::to_string(port) +
                        "; location / { proxy_pass http://127.0.0.1:" + std::to_string(dead) + "; } }\n}\n");
  const test::Process nginx({"nginx", {"-e", file("error.log"), "-c", config, "-p", dir_.path()}},
                            file("nginx"));
  ASSERT_TRUE(test::eventually([=] { return listens(port); })) << nginx.err();
  follow("nginx", "error.log");
  EXPECT_EQ(test::send({"http://127.0.0.1:" + std::to_string(port) + "/cart", "{}"}).status, 502);
  EXPECT_THAT(first_message(), AllOf(HasSubstr("nginx-upstream-refused"), HasSubstr("Connection refused")));
}

// The newest installed server's program; Debian keeps them out of PATH.
std::string postgres_program(const std::string& name) {
  std::string newest;
  std::error_code none;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none))
    newest = std::max(newest, (version.path() / "bin" / name).string());
  return newest;
}

TEST_F(Daemons, ABadPasswordAtPostgresBecomesAMessage) {
  REQUIRE_INSTALLED(postgres_program("postgres"), "postgresql");
  const std::string user = ::geteuid() == 0 ? "postgres" : "";  // it refuses to run as root
  fs::permissions(dir_.path(), fs::perms::all);
  const auto password = dir_.write("password", "right\n");
  const auto initdb = test::run({postgres_program("initdb"),
                                 {"-D", file("data"), "-A", "scram-sha-256", "--pwfile", password, "-U",
                                  "app", "--no-sync", "--locale=C", "-E", "UTF8"},
                                 {},
                                 dir_.path(),
                                 user},
                                file("initdb"));
  ASSERT_EQ(initdb.code, 0) << initdb.err;
  test::Process postgres({postgres_program("postgres"),
                          {"-D", file("data"), "-c", "listen_addresses=", "-c", "fsync=off", "-c",
                           "unix_socket_directories=" + dir_.path()},
                          {},
                          dir_.path(),
                          user},
                         file("postgres"));
  ASSERT_TRUE(test::eventually([&] { return postgres.err().find("ready to accept") != std::string::npos; }))
      << postgres.err();
  follow("postgresql", "postgres.err");
  const auto psql = test::run({postgres_program("psql"),
                               {"-h", dir_.path(), "-U", "app", "-d", "postgres", "-c", "select 1"},
                               {{"PGPASSWORD", "wrong"}}},
                              file("psql"));
  EXPECT_NE(psql.code, 0);
  EXPECT_THAT(first_message(), AllOf(HasSubstr("pg-auth-failed"), HasSubstr("refused the login of app")));
  postgres.signal(SIGQUIT);  // at once: the data is thrown away
  EXPECT_TRUE(postgres.wait().has_value());
}

}  // namespace
}  // namespace dingtail::integration
