// The language of the integration tests: a host with a log, a configuration and the real agent, and a group
// with its robot. Everything lives in a directory and on ports of its own.
//
//   configure(rule("disk", "match = 'disk (?P<disk>\\S+) failed'"));
//   start();
//   append("disk sdb failed\n");
//   ASSERT_TRUE(group().wait_for(1));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integration/group.h"
#include "support/notify_socket.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace dingtail::integration {

class Host : public testing::Test {
 protected:
  explicit Host(const GroupOptions& options = {});
  ~Host() override;

  Group& group() { return *group_; }
  // Another group in its place, for the targets configured from now on.
  void use_group(const GroupOptions& options);

  // ---- configuration, as TOML
  // A rule whose summary says "N hits"; its messages leave at once, repeats each 200 ms.
  // With `key`, a capture: "KEY: N hits".
  static std::string rule(const std::string& name, const std::string& body, const std::string& key = "");
  // The group's robot, by the name "ops"; `more` are further keys.
  [[nodiscard]] std::string target(const std::string& more = "");
  // dingtail.toml: state_dir, the source "app" over app.log, target(), then `rest`.
  void configure(const std::string& rest);
  void write_config(const std::string& text);

  // ---- files
  [[nodiscard]] std::string file(const std::string& name) const { return dir_ / name; }
  [[nodiscard]] std::string log() const { return dir_ / "app.log"; }
  void append(const std::string& text) { dir_.append("app.log", text); }
  // "<prefix> 1\n" … "<prefix> n\n", counted from `first`.
  static std::string numbered(const std::string& prefix, int count, int first = 1);

  // ---- the agent
  // Runs it and waits until it is ready.
  void start();
  // Runs it; it may not come to be ready.
  void launch(const std::vector<std::string>& arguments, const std::string& user = "");
  bool wait_until_ready() { return notified_->wait_for("READY=1", test::kDeadline); }
  // SIGTERM, and it must end with 0 in time.
  void stop();
  void kill();
  test::Process& agent() { return *agent_; }
  [[nodiscard]] bool logged(const std::string& part) const;
  [[nodiscard]] std::size_t times_logged(const std::string& part) const;
  bool wait_until_logged(const std::string& part);

  // ---- other commands
  test::Finished dingtail(const std::vector<std::string>& arguments);
  // The same with -c dingtail.toml behind.
  test::Finished ask(std::vector<std::string> arguments);
  // Waits until the agent has read app.log to its end.
  bool wait_until_read();

  test::TempDir dir_;
  std::map<std::string, std::string> environment_;  // of the agent and the commands
  std::vector<std::string> under_;                  // the command that runs the agent; empty: none

 private:
  std::unique_ptr<Group> group_;
  std::unique_ptr<test::NotifySocket> notified_;
  std::unique_ptr<test::Process> agent_;
  int runs_ = 0;
  std::string log_of_earlier_runs_;
};

// A user without rights, where we are root; else empty: ourselves.
std::string another_user();

}  // namespace dingtail::integration
