#include "integration/host.h"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace dingtail::integration {

Host::Host(const GroupOptions& options) {
  environment_["HOME"] = dir_.path();
  use_group(options);
}

Host::~Host() {
  if (HasFailure() && agent_) ADD_FAILURE() << "the agent said:\n" << log_of_earlier_runs_ << agent_->err();
}

void Host::use_group(const GroupOptions& options) {
  group_ = std::make_unique<Group>(options);
  dir_.write("ca.pem", group_->certificate());
}

std::string Host::rule(const std::string& name, const std::string& body, const std::string& key) {
  return "[[rule]]\nname = \"" + name + "\"\nsummary = \"" + (key.empty() ? "" : "${" + key + "}: ") +
         "${count} hits\"\ngroup_wait = \"0s\"\nrepeat_interval = \"200ms\"\n"
         "repeat_max = \"200ms\"\n" +
         body + "\n";
}

std::string Host::target(const std::string& more) {
  return "[[target]]\nname = \"ops\"\ntype = \"dingtalk\"\nwebhook = \"" + group_->url() + "\"\nsecret = \"" +
         kSecret + "\"\nkeywords = [\"" + kKeyword + "\"]\nca_file = \"ca.pem\"\nper_minute = 1000000\n" +
         more + "\n";
}

void Host::configure(const std::string& rest) {
  write_config("state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n" + target() +
               rest);
}

void Host::write_config(const std::string& text) {
  const auto path = dir_.write("dingtail.toml", text);
  std::filesystem::permissions(path,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

std::string Host::numbered(const std::string& prefix, int count, int first) {
  std::string out;
  for (int i = first; i < first + count; ++i) out += prefix + " " + std::to_string(i) + "\n";
  return out;
}

void Host::launch(const std::vector<std::string>& arguments, const std::string& user) {
  if (agent_) log_of_earlier_runs_ += agent_->err();
  agent_.reset();
  notified_ = std::make_unique<test::NotifySocket>(file("notify.sock"));
  auto words = under_;
  words.emplace_back(DINGTAIL_BINARY);
  words.insert(words.end(), arguments.begin(), arguments.end());
  test::Command command{words[0], {words.begin() + 1, words.end()}, environment_, dir_.path(), user};
  command.environment["NOTIFY_SOCKET"] = notified_->path();
  agent_ = std::make_unique<test::Process>(command, file("agent"));
}

void Host::start() {
  if (!std::filesystem::exists(log())) append("");
  launch({"run", "-c", file("dingtail.toml")});
  ASSERT_TRUE(wait_until_ready()) << agent_->err();
}

void Host::stop() {
  agent_->signal(SIGTERM);
  ASSERT_EQ(agent_->wait(), 0) << agent_->err();
}

void Host::kill() {
  agent_->signal(SIGKILL);
  ASSERT_EQ(agent_->wait(), 128 + SIGKILL);
}

bool Host::logged(const std::string& part) const {
  return times_logged(part) > 0;
}

std::size_t Host::times_logged(const std::string& part) const {
  const std::string all = log_of_earlier_runs_ + agent_->err();
  std::size_t count = 0;
  for (auto at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) ++count;
  return count;
}

bool Host::wait_until_logged(const std::string& part) {
  return test::eventually([&] { return logged(part); });
}

test::Finished Host::dingtail(const std::vector<std::string>& arguments) {
  const test::Command command{DINGTAIL_BINARY, arguments, environment_, dir_.path()};
  return test::run(command, file("command" + std::to_string(++runs_)));
}

test::Finished Host::ask(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"-c", file("dingtail.toml")});
  return dingtail(arguments);
}

bool Host::wait_until_read() {
  return test::eventually([&] {
    const auto status = nlohmann::json::parse(ask({"status", "--json"}).out, nullptr, false);
    if (!status.contains("files")) return false;
    for (const auto& each : status["files"])
      if (each["path"] == log()) return each["offset"] == std::filesystem::file_size(log());
    return false;
  });
}

std::string another_user() {
  return ::geteuid() == 0 ? "nobody" : "";
}

}  // namespace dingtail::integration
