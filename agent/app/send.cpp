#include "app/send.h"

#include <algorithm>
#include <csignal>
#include <iostream>

#include "app/agent.h"
#include "app/commands.h"
#include "app/delivery.h"
#include "app/json.h"
#include "app/options.h"
#include "app/uuid.h"
#include "base/text.h"
#include "deliver/curl_http.h"
#include "deliver/sign.h"
#include "format/json.h"
#include "format/written.h"
#include "state/directory.h"

namespace dingtail::app {
namespace {

constexpr base::Millis kPatience = std::chrono::seconds(90);  // a slot of the quota frees within a minute
constexpr std::string_view kNotKnown = "it is not known whether the message arrived";

std::string words_of(const std::string& text) {
  if (!base::trim(text).empty()) return text;
  return "dingtail on " + labels_of({}).at("host") + " can reach this group";
}

deliver::Judgement post_now(loop::Loop& loop, deliver::Http& http, const deliver::Robot& robot,
                            const std::string& body) {
  const deliver::HttpRequest request{deliver::signed_url(robot.webhook, robot.secret, now().wall),
                                     format::with_keyword(body, robot.keywords, new_uuid()).value_or(body),
                                     robot.proxy, robot.ca_file};
  deliver::HttpAnswer answer;
  http.post(request, [&](deliver::HttpAnswer got) {
    answer = std::move(got);
    loop.stop();
  });
  loop.run();
  return deliver::judge(answer, deliver::secrets_of(robot));
}

int print(const observe::Reply& reply) {
  (reply.exit_code == 0 ? std::cout : std::cerr) << reply.text;
  return reply.exit_code;
}

int send_without_agent(const ConfigOption& option, const std::string& name, const std::string& text) {
  auto loaded = load_any(option, config::UnsetSecret::kError);
  if (loaded.problems.failed()) {
    complain(loaded.problems.sorted());
    return 1;
  }
  const auto* target = target_of(loaded.config, name);
  if (target == nullptr) return refuse("there is no target \"" + name + "\" in the configuration");
  if (state::is_held(loaded.config.state_dir))
    return refuse("nothing was sent: an agent runs on " + loaded.config.state_dir +
                  " and keeps the robot's quota, but does not answer on " + loaded.config.control +
                  "\n  what to do: restart it; it says in its log why it could not listen");
  std::signal(SIGPIPE, SIG_IGN);
  loop::Loop loop;
  auto http = deliver::CurlHttp::make(loop);
  if (!http) return refuse(http.error().what);
  const auto body = format::body_json(message_of(text, *target), new_uuid());
  for (const auto& robot : delivery_target(*target, loaded.config).robots) {
    const auto judgement = post_now(loop, **http, robot, body);
    const int code = print(reply_of(judgement, robot.name));
    if (!deliver::another_may_take(judgement)) return code;
  }
  return 1;
}

}  // namespace

const config::Target* target_of(const config::Config& config, const std::string& name) {
  const auto found = std::ranges::find(config.targets, name, &config::Target::name);
  return found == config.targets.end() ? nullptr : &*found;
}

format::Message message_of(const std::string& text, const config::Target& target) {
  return format::written(words_of(text), style_of(target, {}));
}

observe::Reply reply_of(const deliver::Judgement& judgement, const std::string& robot) {
  const std::string code = judgement.errcode ? "errcode " + std::to_string(*judgement.errcode) + ": " : "";
  if (judgement.verdict == deliver::Verdict::kDelivered) return {0, code + judgement.errmsg + '\n'};
  return {1, "dingtail: " + robot + ": " + code + judgement.errmsg +
                 "\n  what to do: " + std::string(judgement.remedy) + '\n'};
}

observe::Reply reply_of_kept() {
  return {1,
          "dingtail: the agent ended before the robot answered; " + std::string(kNotKnown) +
              "\n  what to do: do not send it again: it is kept, and repeated with the same msgUuid when the "
              "agent runs again\n"};
}

// The running agent has the secrets and keeps the robot's quota: only where there is none it is done here.
int send(const ConfigOption& option, const std::string& name, const std::string& text) {
  const auto loaded = load_any(option, config::UnsetSecret::kWarning);
  const auto* target = target_of(loaded.config, name);
  if (target != nullptr && target->type == config::TargetType::kConsole) {
    std::cout << words_of(text) << '\n';
    return 0;
  }
  const auto reply =
      observe::ask(loaded.config.control, "send " + to_json(SendRequest{name, text}), kPatience);
  if (reply) return print(*reply);
  if (reply.error().code == base::Code::kUnanswered)
    return refuse(reply.error().what + "; " + std::string(kNotKnown) +
                  "\n  what to do: look in the group before you send it again: if the agent had taken it, it "
                  "is sent when the agent runs again");
  if (reply.error().code != base::Code::kNotFound) return refuse(reply.error().what);
  return send_without_agent(option, name, text);
}

}  // namespace dingtail::app
