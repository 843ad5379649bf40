#include <algorithm>
#include <csignal>
#include <iostream>

#include "app/agent.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/uuid.h"
#include "deliver/curl_http.h"
#include "deliver/judge.h"
#include "deliver/sign.h"
#include "format/json.h"

namespace dingtail::app {
namespace {

// The operator's own words: Markdown as written, the first line as the conversation list's.
format::Message message_of(const std::string& text, const config::Target& target) {
  format::Message message;
  message.text = text.empty() ? "dingtail on " + labels_of({}).at("host") + " can reach this group" : text;
  message.title = message.text.substr(0, message.text.find('\n'));
  const auto holds = [&](const std::string& keyword) {
    return message.text.find(keyword) != std::string::npos;
  };
  if (!target.keywords.empty() && std::none_of(target.keywords.begin(), target.keywords.end(), holds))
    message.text += "\n\n" + target.keywords.front();
  return message;
}

deliver::HttpAnswer post_now(loop::Loop& loop, deliver::Http& http, const config::Target& target,
                             const format::Message& message) {
  const auto robot = robot_of(target);
  const deliver::HttpRequest request{deliver::signed_url(robot.webhook, robot.secret, now().wall),
                                     format::body_json(message, new_uuid()), robot.proxy, robot.ca_file};
  deliver::HttpAnswer answer;
  http.post(request, [&](deliver::HttpAnswer got) {
    answer = std::move(got);
    loop.stop();
  });
  loop.run();
  return answer;
}

}  // namespace

int send(const ConfigOption& option, const std::string& name, const std::string& text) {
  auto loaded = load_any(option, config::UnsetSecret::kError);
  if (loaded.problems.failed()) {
    complain(loaded.problems.sorted());
    return 1;
  }
  const auto& targets = loaded.config.targets;
  const auto target =
      std::find_if(targets.begin(), targets.end(), [&](const auto& t) { return t.name == name; });
  if (target == targets.end()) return refuse("there is no target \"" + name + "\" in the configuration");
  const auto message = message_of(text, *target);
  if (target->type == config::TargetType::kConsole) {
    std::cout << message.text << '\n';
    return 0;
  }
  std::signal(SIGPIPE, SIG_IGN);
  loop::Loop loop;
  auto http = deliver::CurlHttp::make(loop);
  if (!http) return refuse(http.error().what);
  auto judgement = deliver::judge(post_now(loop, **http, *target, message));
  judgement.errmsg = deliver::without_secrets(std::move(judgement.errmsg), robot_of(*target));
  const std::string code = judgement.errcode ? "errcode " + std::to_string(*judgement.errcode) + ": " : "";
  if (judgement.verdict == deliver::Verdict::kDelivered) {
    std::cout << code << judgement.errmsg << '\n';
    return 0;
  }
  return refuse(code + judgement.errmsg + "\n  what to do: " + std::string(judgement.remedy));
}

}  // namespace dingtail::app
