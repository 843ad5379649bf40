#include "app/commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <iostream>
#include <string_view>

#include "app/options.h"
#include "app/secrecy.h"

namespace dingtail::app {
namespace {

constexpr const char* kDefaultConfig = "/etc/dingtail/dingtail.toml";
constexpr std::array<std::string_view, 4> kLater = {"replay", "explain", "silence", "relay"};

// What the commands' options are read into, and which command was chosen.
struct Arguments {
  ConfigOption config{kDefaultConfig, false};
  bool json = false;
  std::vector<std::string> files;
  std::string target;
  std::string text;
  SandboxOptions sandbox;
  std::function<int()> chosen;

  [[nodiscard]] Output output() const { return json ? Output::kJson : Output::kText; }
};

CLI::App* add_command(CLI::App& app, Arguments& arguments, const char* name, const char* what,
                      std::function<int()> command) {
  auto* sub = app.add_subcommand(name, what);
  sub->callback([&arguments, command = std::move(command)] { arguments.chosen = command; });
  return sub;
}

void add_config(CLI::App* command, Arguments& arguments) {
  command->add_option("-c,--config", arguments.config.path, "The configuration file")
      ->type_name("FILE")
      ->capture_default_str()
      ->check([](const std::string& path) { return path.empty() ? "a file's name is missing" : ""; })
      ->each([&arguments](const std::string&) { arguments.config.given = true; });
}

void add_json(CLI::App* command, Arguments& arguments) {
  command->add_flag("--json", arguments.json, "Print one JSON object, for programs");
}

void add_agent_commands(CLI::App& app, Arguments& a) {
  auto* run_command = add_command(app, a, "run", "Follow logs and send alerts, in the foreground",
                                  [&a] { return run(a.config, a.files); });
  run_command->add_option("LOG", a.files,
                          "Log files to follow beside the configured ones; without a configuration,\n"
                          "with all shipped rules");
  auto* status = add_command(app, a, "status", "Ask the running agent how it is", [&a] {
    return ask_agent(a.config, a.json ? "status --json" : "status", a.output());
  });
  auto* reload = add_command(app, a, "reload", "Let the running agent read its configuration anew",
                             [&a] { return ask_agent(a.config, "reload", Output::kText); });
  for (auto* command : {run_command, status, reload}) add_config(command, a);
  add_json(status, a);
}

void add_rule_commands(CLI::App& app, Arguments& a) {
  auto* check_command =
      add_command(app, a, "check", "Check the configuration and all rules; print every mistake",
                  [&a] { return check(a.config, a.files, a.output()); });
  check_command->add_option("FILE", a.files,
                            "Candidates: each replaces the included file of its name, or is added");
  auto* test_command = add_command(app, a, "test", "Run the tests that stand in rule files",
                                   [&a] { return test(a.config, a.files, a.output()); });
  test_command->add_option("RULE_FILE", a.files, "Only the tests of these files");
  for (auto* command : {check_command, test_command}) {
    add_config(command, a);
    add_json(command, a);
  }
}

void add_send(CLI::App& app, Arguments& a) {
  auto* command = add_command(app, a, "send", "Send one message now; it mentions nobody",
                              [&a] { return send(a.config, a.target, a.text); });
  command->add_option("--target", a.target, "The [[target]] to send to")->required()->type_name("NAME");
  command->add_option("TEXT", a.text, "Markdown; default: a greeting that names this host");
  add_config(command, a);
}

void add_sandbox(CLI::App& app, Arguments& a) {
  auto& s = a.sandbox;
  auto* command =
      add_command(app, a, "sandbox", "A local robot, as strict as DingTalk, that shows its messages", [&a] {
        a.sandbox.output = a.output();
        return sandbox(a.sandbox);
      });
  command->add_option("--listen", s.listen, "Port 0: any free one")
      ->type_name("ADDR:PORT")
      ->capture_default_str();
  command->add_option("--secret", s.secret, "Check signatures with it");
  command->add_option("--token", s.token, "The only access_token to accept; default: any");
  command->add_option("--keyword", s.keywords, "A message must hold one of these; may be repeated");
  command->add_option("--per-minute", s.per_minute, "Messages a minute; 0: no limit")->capture_default_str();
  command->add_option("--tls-cert", s.tls_certificate, "Serve HTTPS with this certificate (PEM)")
      ->type_name("FILE");
  command->add_option("--tls-key", s.tls_key, "Its key (PEM)")->type_name("FILE");
  command->add_option("--delay", s.delay, "Misbehave: answer so much later")->type_name("TIME");
  command->add_option("--errcode", s.errcode, "Misbehave: answer this errcode");
  command->add_option("--errmsg", s.errmsg, "Misbehave: with this text");
  command->add_option("--status", s.status, "Misbehave: answer this HTTP status");
  command
      ->add_option("--reset", s.reset, "Misbehave: reset the connection before or after the message is read")
      ->check(CLI::IsMember({"before", "after"}));
  command->add_option("--garbage", s.garbage, "Misbehave: answer these bytes");
  command->add_option("--times", s.times, "Misbehave for so many requests only; 0: for good");
  add_config(command, a);  // as every command; the sandbox has no use for it
  add_json(command, a);
}

bool has_command(const CLI::App& app, const std::string& name) {
  const auto all = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(all.begin(), all.end(),
                     [&](const CLI::App* command) { return command->get_name() == name; });
}

// The exit code, once all that was printed is written.
int written(int code) {
  if (std::cout.flush()) return code;
  return refuse("stdout took not all that was to be written", code == 0 ? 1 : code);
}

}  // namespace

int main(int argc, char** argv) {
  guard_secrets();
  CLI::App app("dingtail: log alerts for DingTalk groups", "dingtail");
  app.set_version_flag("--version", "dingtail " DINGTAIL_VERSION);
  app.set_help_flag("-h,--help", "Print this help");
  app.require_subcommand(1);
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    return "dingtail: " + std::string(error.what()) + "\nTry: " + failed->get_name() + " --help\n";
  });
  Arguments arguments;
  add_agent_commands(app, arguments);
  add_rule_commands(app, arguments);
  add_send(app, arguments);
  add_sandbox(app, arguments);
  if (const std::string word = argc > 1 ? argv[1] : "-"; word.front() != '-' && !has_command(app, word)) {
    const bool later = std::find(kLater.begin(), kLater.end(), word) != kLater.end();
    return refuse("`" + word + (later ? "` is not built yet" : "` is no command; see dingtail --help"), 2);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return written(app.exit(error) == 0 ? 0 : 2);
  }
  hide_values({"--secret", "--token"}, argc, argv);
  return written(arguments.chosen());
}

}  // namespace dingtail::app
