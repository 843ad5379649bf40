// What a person asks of a running agent: how it is, and to read its configuration anew.
#include <unistd.h>

#include <algorithm>

#include "app/agent.h"
#include "app/delivery.h"
#include "app/delivery_log.h"
#include "app/json.h"
#include "app/notify.h"
#include "app/options.h"
#include "app/send.h"

namespace dingtail::app {
namespace {

constexpr std::string_view kSend = "send ";
constexpr base::Millis kBetweenListens = std::chrono::seconds(5);
constexpr base::Millis kBetweenLooks = std::chrono::minutes(1);  // whether the socket is still there
constexpr base::Millis kSendWithin = std::chrono::seconds(60);

}  // namespace

observe::Reply Agent::reload() {
  if (stop_by_) return {1, "dingtail: nothing was reloaded: the agent ends\n"};
  listen_at_ = {};  // at once, where somebody deleted the socket
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
  if (rules->config.state_dir != state_dir_ || rules->config.control != control_path_) {
    const std::string note = "`state_dir` and `control` take effect at the next start";
    log_.say(base::Event::kRestartNeeded, "", note);
    text += "note: " + note + '\n';
  } else {
    log_.over(base::Event::kRestartNeeded, "");
  }
  pipeline_.replace(std::move(rules), at);
  tailer_.follow(pipeline_.config().sources, {}, at, pipeline_.line_starts());
  courier_.set_targets(delivery_targets(pipeline_.config()), pipeline_.config().limits.outbox_bytes);
  tell_gone(log_, courier_.status(at));
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

// Its directory may be on a disk that is full or may only be read for now.
void Agent::listen(base::Mono at) {
  if (control_ && control_->is_reachable()) {
    listen_at_ = at + kBetweenLooks;
    return;
  }
  control_.reset();
  sends_.clear();  // they would answer through it; who asked sees it end
  listen_at_ = at + kBetweenListens;
  const auto& path = control_path_;
  auto control = observe::Control::listen(
      loop_, path, [this](const std::string& request, observe::Control::Answer answer) {
        handle(request, std::move(answer));
      });
  if (!control)
    return log_.say(
        base::Event::kControlFailed, path,
        control.error().what + "; `status` and `reload` cannot ask this agent until it can be had");
  control_ = std::move(*control);
  if (log_.over(base::Event::kControlFailed, path))
    log_.say(base::Event::kControlBack, path, "`status` and `reload` can ask this agent again");
}

void Agent::handle(const std::string& request, observe::Control::Answer answer) {
  if (request.starts_with(kSend)) return send(request.substr(kSend.size()), std::move(answer));
  if (request == "status") return answer({0, observe::to_text(status())});
  if (request == "status --json") return answer({0, observe::to_json(status()) + '\n'});
  if (request == "reload") return answer(reload());
  answer({2, "this agent does not know the request \"" + request + "\"\n"});
}

void Agent::send(const std::string& request, observe::Control::Answer answer) {
  const auto asked = parse_send(request);
  if (!asked) return answer({2, "dingtail: this agent does not know such a message\n"});
  const auto targets = courier_.status(now());
  const auto target = std::ranges::find(targets, asked->target, &deliver::TargetStatus::name);
  const auto* configured = target_of(pipeline_.config(), asked->target);
  if (target == targets.end() || configured == nullptr)
    return answer({1, "dingtail: the running agent has no target \"" + asked->target +
                          "\"\n  what to do: `dingtail reload`, if it was added since\n"});
  const auto at = now();
  const auto id = courier_.add_urgent({asked->target, message_of(asked->text, *configured), {}, {}, {}}, at);
  if (!id)
    return answer({1, "dingtail: nothing was sent: the robot gets too much and rests\n  what to do: " +
                          (target->last_error ? target->last_error->remedy : "") + '\n'});
  sends_.emplace(*id, Send{at.mono + kSendWithin, std::move(answer)});
  wake();
}

// Whoever waits for a message that could not leave until now is told; what is on its way will be answered.
void Agent::end_sends(base::Mono at) {
  const std::string why = stop_by_ ? "the agent ends" : "no robot had time for it within a minute";
  for (auto next = sends_.begin(); next != sends_.end();) {
    const auto here = next++;
    if (here->second.until > at || !courier_.cancel(here->first)) continue;
    here->second.answer({1, "dingtail: nothing was sent: " + why + '\n'});
    sends_.erase(here);
  }
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
    console.queue = console_.waiting();
    console.delivered = console_.printed();
    out.targets.push_back(std::move(console));
  }
  return out;
}

}  // namespace dingtail::app
