// The fixture of the fault tests (suite `Fault`, a test a row of the list of faults): lines that each have a
// number and are an alert of their own, so that what the group was told is an exact multiset.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/crooked_robot.h"
#include "integration/host.h"

namespace dingtail::integration {

// What `status` says of a target, and the log.
struct Trouble {
  const char* state;
  const char* errmsg;  // a part of it
  const char* remedy;  // the same
};

class Fault : public Host {
 protected:
  // An alert a line, with the line's number as its title.
  static std::string line_rule();
  // dingtail.toml: the source "app" over `paths` (TOML) with `more` keys, target(), and `rules`.
  void follow(const std::string& paths, const std::string& more, const std::string& rules);
  void follow_lines(const std::string& paths = "\"app.log\"", const std::string& more = "") {
    follow(paths, more, line_rule());
  }

  // "line 0001\n" … of one width, so that hits of one turn, which are told by their keys, keep their order.
  static std::string lines(int first, int last);
  void write(int first, int last) { append(lines(first, last)); }
  // Line `written` + 1, once the group was told of all before: for a writer that waits for something.
  void write_next(int& written);

  // The numbers in the order in which the group was told of them.
  std::vector<int> order_told();
  // By number, the hits that the group was told of.
  std::map<int, std::uint64_t> told();
  bool wait_until_told(int numbers) { return group().wait_for(static_cast<std::size_t>(numbers)); }
  // Waits until `last` numbers were told, then requires each from 1 to `last` just once.
  void expect_each_once(int last);
  bool wait_for_hits(std::uint64_t hits);

  // `status --json`; null where no agent answers.
  nlohmann::json status();
  // Its entry of that path, followed or lost; null where it has none.
  nlohmann::json status_of(const std::string& path);
  nlohmann::json loss_of(const std::string& path);

  // SIGSTOP; returns when each of its threads stands still.
  void freeze();
  void thaw() { agent().signal(SIGCONT); }
  // How long the agent's loop took to answer, which it does between two turns. Of what it waited for a
  // processor only what it had of one counts: the rest is not its own doing.
  std::chrono::nanoseconds answer_time();
  // ---- two targets: "ops", whose robot is in order, and another, "bad"
  // dingtail.toml: app.log and an alert a line, for both. `bad` is TOML.
  void follow_for_two(const std::string& bad);
  nlohmann::json target_status(const std::string& name);
  // Writes lines until it holds; each must be with "ops" at once.
  void expect_ops_undelayed_until(const std::function<bool()>& enough);
  // From now until "bad" was tried `attempts` times and is in that trouble: "ops" is not delayed, no loop is
  // held up, each attempt is the same message with a signature of its own, and no secret is told.
  void expect_harmless(CrookedRobot& bad, const Trouble& trouble, std::size_t attempts);
  // Within the deadline all that waits for "bad" is delivered, each message once.
  void expect_delivered(CrookedRobot& bad);
  void reload_agent() { ASSERT_EQ(ask({"reload"}).code, 0); }

  // A number in /proc/PID/status, as "VmHWM"; 0 where it has none.
  std::uint64_t proc_status(const std::string& key);
};

// The content of a file; empty where it cannot be read.
std::string bytes_of(const std::string& path);
// The inode's number. Throws where there is no such file.
ino_t inode(const std::string& path);

}  // namespace dingtail::integration
