#include "model/program.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace dingtail::model {
namespace {

namespace fs = std::filesystem;

// Their keys: "L17" of line 17, "M3" of mark 3.
constexpr const char* kRules = R"(
[[rule]]
name = "line"
match = '^<(?P<number>\d+):'
group_by = ["number"]
summary = "L${number}: ${count} hits"
group_wait = "0s"
[[rule]]
name = "mark"
match = '^mark (?P<mark>\d+)$'
group_by = ["mark"]
summary = "M${mark}: ${count} hits"
group_wait = "0s"
)";

std::string configuration(const std::vector<std::string>& patterns, const integration::Group& group) {
  std::string out = "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [";
  for (const auto& pattern : patterns) out += "\"" + pattern + "\", ";
  return out + "]\n[[target]]\nname = \"ops\"\ntype = \"dingtalk\"\nwebhook = \"" + group.url() +
         "\"\nsecret = \"" + integration::kSecret + "\"\nkeywords = [\"" + integration::kKeyword +
         "\"]\nca_file = \"ca.pem\"\nper_minute = 1000000\n" + kRules;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
}

}  // namespace

Program::Program(std::string binary, Surroundings surroundings)
    : binary_(std::move(binary)),
      surroundings_(std::move(surroundings)),
      notified_(surroundings_.directory + "/notify.sock") {
  write(surroundings_.directory + "/ca.pem", group_.certificate());
  write(surroundings_.directory + "/dingtail.toml", configuration(surroundings_.patterns, group_));
}

test::Command Program::command(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"-c", surroundings_.directory + "/dingtail.toml"});
  return {binary_,
          std::move(arguments),
          {{"HOME", surroundings_.directory}, {"NOTIFY_SOCKET", notified_.path()}},
          surroundings_.directory};
}

void Program::start() {
  process_ = std::make_unique<test::Process>(command({"run"}), surroundings_.directory + "/agent");
  if (!notified_.wait_for("READY=1", test::kDeadline))
    throw std::runtime_error("it does not start: " + process_->err());
}

void Program::stop() {
  end(SIGTERM, 0);
}

void Program::kill() {
  end(SIGKILL, 128 + SIGKILL);
}

void Program::end(int signal, int code) {
  process_->signal(signal);
  const auto ended = process_->wait();
  surroundings_.log(base::Level::kInfo, process_->err());
  process_.reset();
  if (ended != code) throw std::runtime_error("it ended with " + std::to_string(ended.value_or(-1)));
}

void Program::look() {
  for (int i = 0; i < 2; ++i) {
    const auto mark = std::to_string(++marks_);
    const auto path = surroundings_.directory + "/logs/mark" + mark + ".log";
    write(path, "mark " + mark + "\n");
    const auto is_mark = [&](const integration::ToldAlert& alert) { return alert.key == "M" + mark; };
    const bool arrived = group_.wait_for([&](const integration::Messages& messages) {
      return std::ranges::any_of(integration::alerts_in(messages), is_mark);
    });
    if (!arrived) throw std::runtime_error("it reads no more: " + process_->err());
    fs::remove(path);
  }
}

std::vector<std::string> Program::records() {
  std::vector<std::string> out;
  for (const auto& alert : integration::alerts_in(group_.messages()))
    if (alert.key.starts_with("L")) out.insert(out.end(), alert.hits, "<" + alert.key.substr(1) + ":");
  return out;
}

std::vector<tail::Loss> Program::losses() {
  std::vector<tail::Loss> out;
  if (!running()) return out;
  const auto said = test::run(command({"status", "--json"}), surroundings_.directory + "/status").out;
  const auto status = nlohmann::json::parse(said);
  for (const auto& loss : status["losses"]) out.push_back({loss["path"], loss["bytes"], loss["reason"], {}});
  return out;
}

}  // namespace dingtail::model
