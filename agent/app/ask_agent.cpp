#include <iostream>

#include "app/commands.h"
#include "app/json.h"
#include "app/options.h"
#include "observe/control.h"

namespace dingtail::app {

int ask_agent(const ConfigOption& option, const std::string& request, Output output) {
  const auto loaded = load_any(option, config::UnsetSecret::kWarning);
  constexpr base::Millis kTimeout = std::chrono::seconds(30);
  const auto reply = observe::ask(loaded.config.control, request, kTimeout);
  if (!reply) {
    // With a mistake in the configuration, the agent may listen elsewhere than was read.
    const auto problems = loaded.problems.sorted();
    if (loaded.problems.failed()) complain(problems);
    if (output == Output::kJson) std::cout << error_json(reply.error().what, problems) << '\n';
    return refuse(reply.error().what);
  }
  (reply->exit_code == 0 ? std::cout : std::cerr) << reply->text;
  return reply->exit_code;
}

}  // namespace dingtail::app
