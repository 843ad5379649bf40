// What a person asks of a running agent: how it is, and to read its configuration anew.
#include <unistd.h>

#include "app/agent.h"
#include "app/notify.h"
#include "app/options.h"

namespace dingtail::app {

observe::Reply Agent::reload() {
  notify("RELOADING=1");
  auto loaded = load_();
  auto rules = compile(std::move(loaded.config), loaded.problems);
  std::string text;
  for (const auto& problem : loaded.problems.sorted()) {
    const auto event =
        problem.weight == config::Weight::kError ? base::Event::kReloadRefused : base::Event::kConfigWarning;
    log_.say(event, "", config::print(problem));
    text += config::print(problem) + '\n';
  }
  notify("READY=1");
  if (loaded.problems.failed()) {
    reload_error_ = base::print_date_time(now().wall) + '\n' + text;
    wake();
    return {1, text + "refused: the running configuration goes on\n"};
  }
  const auto at = now();
  const auto& old = pipeline_.config();
  if (rules->config.state_dir != old.state_dir || rules->config.control != old.control)
    text += "note: `state_dir` and `control` take effect at the next start\n";
  pipeline_.replace(std::move(rules), at);
  tailer_.follow(pipeline_.config().sources, {}, at, pipeline_.line_starts());
  courier_.set_robots(robots_of(pipeline_.config()));
  add_keywords();
  reload_error_.clear();
  notices_.over(base::Event::kReloadRefused, "");
  const auto& config = pipeline_.config();
  set_time_zone(config.timezone);
  const std::string summary = std::to_string(config.rules.size()) + " rules, " +
                              std::to_string(config.sources.size()) + " sources, " +
                              std::to_string(config.targets.size()) + " targets";
  log_.say(base::Event::kReloaded, "", summary);
  wake();
  return {0, text + "reloaded: " + summary + '\n'};
}

void Agent::listen() {
  const auto& path = pipeline_.config().control;
  auto control =
      observe::Control::listen(loop_, path, [this](const std::string& request) { return handle(request); });
  if (control)
    control_ = std::move(*control);
  else
    log_.say(base::Event::kControlFailed, path,
             control.error().what + "; `status` and `reload` cannot ask this agent");
}

observe::Reply Agent::handle(const std::string& request) {
  if (request == "status") return {0, observe::to_text(status())};
  if (request == "status --json") return {0, observe::to_json(status()) + '\n'};
  if (request == "reload") return reload();
  return {2, "this agent does not know the request \"" + request + "\"\n"};
}

observe::Status Agent::status() {
  observe::Status out;
  const auto& config = pipeline_.config();
  out.version = DINGTAIL_VERSION;
  out.pid = ::getpid();
  out.rules_hash = config::rules_hash(config.rules);
  out.reload_error = reload_error_;
  out.files = tailer_.status();
  for (std::size_t i = 0; i < config.rules.size(); ++i) {
    const auto& counts = pipeline_.alerts().counts()[i];
    out.rules.push_back({config.rules[i].name, config.rules[i].place.file, counts.hits, counts.alerts});
  }
  out.losses = ledger_.newest_first();
  out.bytes_lost = ledger_.total_bytes();
  out.targets = courier_.status(now());
  for (const auto& target : config.targets) {
    if (target.type != config::TargetType::kConsole) continue;
    deliver::TargetStatus console;
    console.name = target.name;
    console.queue = to_print_.size() + to_print_after_commit_.size() + console_.waiting();
    console.delivered = console_.printed();
    out.targets.push_back(std::move(console));
  }
  return out;
}

}  // namespace dingtail::app
