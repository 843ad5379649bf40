#include "app/agent.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "app/notify.h"
#include "app/options.h"
#include "app/uuid.h"
#include "format/json.h"

namespace dingtail::app {
namespace {

constexpr std::size_t kReadBudgetBytes = 1 << 20;                      // a turn: some milliseconds
constexpr base::Millis kBetweenIdleCommits = std::chrono::seconds(1);  // progress without a hit
constexpr base::Millis kStopWithin = std::chrono::seconds(5);

std::vector<deliver::Robot> robots_of(const config::Config& config) {
  std::vector<deliver::Robot> robots;
  for (const auto& target : config.targets)
    if (target.type == config::TargetType::kDingtalk) robots.push_back(robot_of(target));
  return robots;
}

}  // namespace

base::Now now() {
  using std::chrono::floor;
  return {floor<base::Millis>(std::chrono::steady_clock::now()),
          floor<base::Millis>(std::chrono::system_clock::now())};
}

deliver::Robot robot_of(const config::Target& target) {
  return {target.name, target.webhook, target.secret, target.per_minute, target.proxy, target.ca_file};
}

Agent::Agent(loop::Loop& loop, base::Log& log, AgentParts parts)
    : loop_(loop),
      log_(log),
      http_(std::move(parts.http)),
      load_(std::move(parts.load)),
      turn_timer_(loop, [this] { turn(); }),
      wake_(loop, [this] { turn(); }),
      pipeline_(std::move(parts.rules)),
      tailer_(loop, log, pipeline_.config().state_dir, [this] { wake(); }),
      courier_(robots_of(pipeline_.config()), random_seed()),
      store_(loop, log, std::move(parts.database), [this] { committed(); }),
      watchdog_(watchdog_interval()) {
  const auto start = now();
  courier_.restore(std::move(parts.saved.outbox), start);
  tailer_.follow(pipeline_.config().sources, std::move(parts.saved.files), start);
  deliver(pipeline_.restore(std::move(parts.saved.alerts), start), start);
  for (const int number : {SIGTERM, SIGINT})
    signals_.push_back(std::make_unique<loop::Signal>(loop_, number, [this] { stop(); }));
  signals_.push_back(std::make_unique<loop::Signal>(loop_, SIGHUP, [this] { reload(); }));
}

void Agent::run() {
  listen();
  wake();
  loop_.run();
  notify("STOPPING=1");
  log_.say(base::Event::kAgentStopped, "", "");
}

void Agent::turn() {
  const auto at = now();
  const bool more = !stop_by_ && tailer_.read(at, kReadBudgetBytes,
                                              [&](const tail::Block& block) { pipeline_.read(block, at); });
  if (!stop_by_) deliver(pipeline_.tick(at), at);
  commit(at);
  if (!stop_by_) post(at);
  console_.write_some(at.mono);
  if (watchdog_ && at.mono >= watchdog_due_) {
    notify("WATCHDOG=1");
    watchdog_due_ = at.mono + *watchdog_;
  }
  if (stop_by_) finish_stopping(at);
  schedule(at, more);
}

void Agent::deliver(std::vector<Outgoing> messages, base::Now at) {
  for (auto& message : messages) {
    if (message.type == config::TargetType::kConsole) {
      to_print_.push_back(std::move(message.message.plain));
      continue;
    }
    const std::string uuid = new_uuid();
    courier_.add(message.target, uuid, format::body_json(message.message, uuid), at);
  }
}

bool Agent::news() const {
  return pipeline_.alerts().has_changes() || courier_.has_changes() || !to_print_.empty();
}

// Hits are committed at once; mere progress each second, so that an agent that reads misses costs few writes
// and an idle one none.
void Agent::commit(base::Now at) {
  if (store_.busy()) return;
  const bool progress = tailer_.has_changes() && (at.mono >= committed_at_ + kBetweenIdleCommits || stop_by_);
  if (!news() && !progress && ready_) return;
  committed_at_ = at.mono;
  to_print_after_commit_ = std::exchange(to_print_, {});
  store_.commit({tailer_.take_changes(), pipeline_.alerts().take_changes(at), courier_.take_changes()});
}

void Agent::committed() {
  courier_.committed();
  for (const auto& text : std::exchange(to_print_after_commit_, {})) console_.print(text);
  if (!ready_) {
    ready_ = true;
    notify("READY=1");
    log_.say(base::Event::kAgentReady, "", "positions are safe");
  }
  turn();
}

void Agent::post(base::Now at) {
  for (auto& attempt : courier_.attempts(at))
    http_->post(attempt.request,
                [this, id = attempt.id](const deliver::HttpAnswer& answer) { answered(id, answer); });
}

void Agent::answered(std::uint64_t id, const deliver::HttpAnswer& answer) {
  const auto outcome = courier_.answered(id, answer, now());
  const auto& judgement = outcome.judgement;
  const std::string code = judgement.errcode ? "errcode " + std::to_string(*judgement.errcode) + ": " : "";
  const std::string why = code + judgement.errmsg + "; " + std::string(judgement.remedy);
  using deliver::Verdict;
  if (judgement.verdict == Verdict::kDelivered) {
    const bool failed = log_.over(base::Event::kDeliveryFailed, outcome.target);
    if (log_.over(base::Event::kTargetHeld, outcome.target) || failed)
      log_.say(base::Event::kTargetBack, outcome.target, "messages are delivered again");
  } else if (judgement.verdict == Verdict::kThrottled) {
    log_.say(base::Event::kTargetThrottled, outcome.target,
             why + "; it rests for " + base::print_duration(outcome.retry_in));
  } else if (judgement.verdict == Verdict::kRetry) {
    log_.say(base::Event::kDeliveryFailed, outcome.target, why + "; nothing is dropped, it is tried again");
  } else {
    log_.say(base::Event::kTargetHeld, outcome.target, why + "; nothing is dropped, the message is held");
    add_keywords();
  }
  wake();
}

// A message from before its target's keywords were configured would be refused for ever.
void Agent::add_keywords() {
  courier_.reword([this](const deliver::Row& row) -> std::optional<std::pair<std::string, std::string>> {
    for (const auto& target : pipeline_.config().targets) {
      if (target.name != row.target) continue;
      auto uuid = new_uuid();
      auto body = format::with_keyword(row.body, target.keywords, uuid);
      if (body) return std::pair(std::move(uuid), std::move(*body));
    }
    return std::nullopt;
  });
}

void Agent::schedule(base::Now at, bool more) {
  if (more) return wake();
  base::Mono next = tailer_.next_deadline();
  if (const auto due = pipeline_.alerts().next_deadline()) next = std::min(next, *due);
  if (const auto due = courier_.next_deadline(at)) next = std::min(next, *due);
  if (!store_.busy() && news()) next = at.mono;
  if (!store_.busy() && tailer_.has_changes()) next = std::min(next, committed_at_ + kBetweenIdleCommits);
  if (watchdog_) next = std::min(next, watchdog_due_);
  if (stop_by_) next = *stop_by_;
  if (const auto due = console_.next_try(at.mono)) next = std::min(next, *due);
  if (next <= at.mono)
    wake();
  else
    turn_timer_.start(next - at.mono);
}

void Agent::stop() {
  if (stop_by_) return;
  log_.say(base::Event::kAgentStopping, "", "finishing what is in flight");
  notify("STOPPING=1");
  stop_by_ = now().mono + kStopWithin;
  wake();
}

void Agent::finish_stopping(base::Now at) {
  const bool unsaved = store_.busy() || tailer_.has_changes() || news() || console_.waiting() > 0;
  if ((!unsaved && !courier_.in_flight()) || at.mono >= *stop_by_) loop_.stop();
}

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
    return {1, text + "refused: the running configuration goes on\n"};
  }
  const auto at = now();
  const auto& old = pipeline_.config();
  if (rules->config.state_dir != old.state_dir || rules->config.control != old.control)
    text += "note: `state_dir` and `control` take effect at the next start\n";
  deliver(pipeline_.replace(std::move(rules), at), at);
  tailer_.follow(pipeline_.config().sources, {}, at);
  courier_.set_robots(robots_of(pipeline_.config()));
  add_keywords();
  reload_error_.clear();
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
