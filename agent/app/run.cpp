#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "app/agent.h"
#include "app/commands.h"
#include "app/options.h"
#include "deliver/curl_http.h"

namespace dingtail::app {
namespace {

void prepare_process() {
  ::umask(027);    // state holds lines of logs
  rlimit files{};  // each followed file may need a descriptor
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is as a full disk
}

config::Loaded load_for_run(const ConfigOption& option, const std::vector<std::string>& logs) {
  auto loaded = load_any(option, config::UnsetSecret::kError);
  auto& config = loaded.config;
  if (!logs.empty())
    config.sources.insert(config.sources.begin(), config::command_line_source(logs, loaded.problems));
  const std::string file = main_file(option).string();
  if (config.sources.empty())
    loaded.problems.warning({file}, "there is no [[source]]: nothing is followed",
                            "add one, or name logs to `run`");
  if (config.targets.empty()) {
    loaded.problems.warning({file}, "there is no [[target]]: messages go to stdout",
                            "add one of type \"dingtalk\"");
    config::Target console;
    console.name = "console";
    console.type = config::TargetType::kConsole;
    console.language = config.language;
    config.targets.push_back(std::move(console));
  }
  return loaded;
}

const char* state_hint(base::Code code) {
  switch (code) {
    case base::Code::kBusy:  // says what to do itself
      return "";
    case base::Code::kNotDurable:
      return "\n  hint: the disk did not keep what was written (see the kernel's log); a new start goes on "
             "from the last "
             "good state";
    default:
      return "\n  hint: `state_dir` must be a directory of this user's own, on a local disk";
  }
}

int run_agent(base::Log& log, std::unique_ptr<RuleSet> rules, std::function<config::Loaded()> load) {
  auto state = state::Keeper::start(rules->config.state_dir, state::this_machine(), now().wall);
  if (!state) return refuse("state: " + state.error().what + state_hint(state.error().code));
  loop::Loop loop;
  auto http = deliver::CurlHttp::make(loop);
  if (!http) return refuse(http.error().what);
  Agent agent(loop, log,
              {std::move(rules), std::move(*http), std::move(state->keeper), std::move(state->saved),
               std::move(load)});
  return agent.run() ? 0 : 1;
}

}  // namespace

int run(const ConfigOption& option, const std::vector<std::string>& logs) {
  if (main_file(option).empty() && logs.empty())
    return refuse("there is no " + option.path +
                      " and no log is named: `dingtail run LOG…` follows logs with the "
                      "shipped rules, `-c FILE` names a configuration",
                  2);
  prepare_process();
  // A heap for each thread would cost more memory than the one costs in waiting.
  ::mallopt(M_ARENA_MAX, 1);
  const auto load = [=, zone = own_time_zone()] {
    auto loaded = load_for_run(option, logs);
    if (loaded.config.timezone.empty()) loaded.config.timezone = zone;
    return loaded;
  };
  auto loaded = load();
  set_time_zone(loaded.config.timezone);
  auto rules = compile(std::move(loaded.config), loaded.problems);
  if (loaded.problems.failed()) {
    complain(loaded.problems.sorted());
    return 1;
  }
  auto log = base::Log::to_stderr();
  for (const auto& problem : loaded.problems.sorted())
    log.say(base::Event::kConfigWarning, "", config::print(problem));
  log.say(base::Event::kAgentStarted, "",
          "version " DINGTAIL_VERSION ", " + std::to_string(rules->config.rules.size()) + " rules, " +
              std::to_string(rules->config.sources.size()) + " sources, " +
              std::to_string(rules->config.targets.size()) + " targets");
  return run_agent(log, std::move(rules), load);
}

}  // namespace dingtail::app
