#include "app/agent.h"

#include <algorithm>
#include <csignal>

#include "app/delivery.h"
#include "app/delivery_log.h"
#include "app/notify.h"
#include "app/send.h"
#include "app/uuid.h"

namespace dingtail::app {
namespace {

constexpr std::size_t kReadBudgetBytes = 1 << 20;                      // a turn: some milliseconds
constexpr base::Millis kBetweenIdleCommits = std::chrono::seconds(1);  // progress without a hit
constexpr base::Millis kStopWithin = std::chrono::seconds(5);

}  // namespace

base::Now now() {
  using std::chrono::floor;
  return {floor<base::Millis>(std::chrono::steady_clock::now()),
          floor<base::Millis>(std::chrono::system_clock::now())};
}

Agent::Agent(loop::Loop& loop, base::Log& log, AgentParts parts)
    : loop_(loop),
      log_(log),
      http_(std::move(parts.http)),
      load_(std::move(parts.load)),
      turn_timer_(loop, [this] { turn(); }),
      wake_(loop, [this] { turn(); }),
      pipeline_(std::move(parts.rules),
                {[this](const auto& target, const auto& alert) -> std::optional<std::string> {
                   if (const auto* row = courier_.waiting(target, alert)) return row->report;
                   return std::nullopt;
                 },
                 [this](Outgoing message, base::Now at) { deliver(std::move(message), at); }}),
      state_dir_(pipeline_.config().state_dir),
      control_path_(pipeline_.config().control),
      tailer_(loop, log, state_dir_, [this] { wake(); }),
      courier_(new_uuid, random_seed()),
      store_(loop, log, std::move(parts.state), {[this] { committed(); }, [this] { state_broken(); }}),
      ledger_(std::move(parts.saved.losses)),
      console_(std::move(parts.saved.console)),
      watchdog_(watchdog_interval()) {
  const auto start = now();
  courier_.set_targets(delivery_targets(pipeline_.config()), pipeline_.config().limits.outbox_bytes);
  courier_.restore(std::move(parts.saved.outbox), parts.saved.robots, start);
  tell_gone(log_, courier_.status(start));
  for (const auto& loss : parts.saved.untold) notices_.hear(loss, start);
  tailer_.follow(pipeline_.config().sources, std::move(parts.saved.files), start, pipeline_.line_starts());
  pipeline_.restore(std::move(parts.saved.alerts), start);
  for (const int number : {SIGTERM, SIGINT})
    signals_.push_back(std::make_unique<loop::Signal>(loop_, number, [this] { stop(); }));
  signals_.push_back(std::make_unique<loop::Signal>(loop_, SIGHUP, [this] { reload(); }));
}

bool Agent::run() {
  wake();
  loop_.run();
  notify("STOPPING=1");
  const bool trusted = store_.close() && !broken_;
  const bool kept = trusted && store_.durable();
  if (trusted && !kept)
    log_.say(
        base::Event::kStateFailed, "",
        "what is kept in memory could not be written at the end either: the next start goes on from what "
        "was, reads the lines since then again and repeats their alerts");
  if (kept && !courier_.has_changes())
    for (const auto& [id, send] : sends_) send.answer(reply_of_kept());
  log_.say(base::Event::kAgentStopped, "", "");
  return kept;
}

void Agent::turn() {
  const auto at = now();
  if (!stop_by_ && at.mono >= listen_at_) listen(at.mono);
  const bool more = !stop_by_ && tailer_.read(at, kReadBudgetBytes,
                                              [&](const tail::Block& block) { pipeline_.read(block, at); });
  if (!stop_by_) pipeline_.tick(at);
  tell_troubles(at);
  console_.write_some(at.mono);
  end_sends(stop_by_ ? base::Mono::max() : at.mono);
  commit(at);
  if (!stop_by_) post(at);
  if (watchdog_ && at.mono >= watchdog_due_) {
    notify("WATCHDOG=1");
    watchdog_due_ = at.mono + *watchdog_;
  }
  if (stop_by_) finish_stopping(at);
  schedule(at, more);
}

void Agent::deliver(Outgoing message, base::Now at) {
  if (message.type == config::TargetType::kConsole) {
    console_.print(message.message.plain, pipeline_.config().limits.outbox_bytes);
    return;
  }
  courier_.add({std::move(message.target),
                std::move(message.message),
                std::move(message.alert),
                std::move(message.report),
                {std::move(message.line)}},
               at);
}

void Agent::tell_troubles(base::Now at) {
  notices_.hear(log_.take_told(), at);
  const auto& config = pipeline_.config();
  const auto& redaction = pipeline_.redaction();
  for (auto& notice : stop_by_ ? notices_.flush(config, redaction, at) : notices_.tick(config, redaction, at))
    deliver(std::move(notice), at);
}

void Agent::record(const std::vector<tail::Loss>& losses, base::Now at) {
  for (const auto& loss : losses) {
    ledger_.add(loss);
    notices_.hear(loss, at);
  }
}

bool Agent::news() const {
  return pipeline_.alerts().has_changes() || courier_.has_changes() || console_.has_changes();
}

// Hits are committed at once; mere progress each second, so that an agent that reads misses costs few writes
// and an idle one none.
void Agent::commit(base::Now at) {
  if (store_.busy()) return;
  if (!stop_by_) courier_.advance(at);
  const bool progress = tailer_.has_changes() && (at.mono >= committed_at_ + kBetweenIdleCommits || stop_by_);
  if (!news() && !progress && ready_) return;
  committed_at_ = at.mono;
  auto files = tailer_.take_changes();
  record(files.losses, at);
  store_.commit({std::move(files), pipeline_.alerts().take_changes(at), courier_.take_changes(),
                 console_.take_changes(), notices_.take_told_losses(), at.wall});
}

void Agent::committed() {
  courier_.committed();
  console_.committed();
  if (!ready_) {
    ready_ = true;
    notify("READY=1");
    log_.say(base::Event::kAgentReady, "",
             store_.durable() ? "positions are safe" : "positions are in memory");
  }
  turn();
}

// Another write might succeed and hide what is lost: the next start goes on from the last good cut.
void Agent::state_broken() {
  broken_ = true;
  loop_.stop();
}

void Agent::post(base::Now at) {
  for (auto& attempt : courier_.attempts(at))
    http_->post(attempt.request,
                [this, id = attempt.id](const deliver::HttpAnswer& answer) { answered(id, answer); });
}

void Agent::answered(std::uint64_t id, const deliver::HttpAnswer& answer) {
  const auto outcome = courier_.answered(id, answer, now());
  const auto send = sends_.find(id);
  const bool awaited = send != sends_.end();
  if (awaited && !outcome.passed_on) {
    send->second.answer(reply_of(outcome.judgement, outcome.robot));
    sends_.erase(send);
  }
  tell(log_, outcome, awaited);
  wake();
}

void Agent::schedule(base::Now at, bool more) {
  if (more) return wake();
  base::Mono next = tailer_.next_deadline();
  if (const auto due = pipeline_.alerts().next_deadline()) next = std::min(next, *due);
  if (const auto due = courier_.next_deadline(at); due && !store_.busy()) next = std::min(next, *due);
  if (!store_.busy() && news()) next = at.mono;
  if (!store_.busy() && tailer_.has_changes()) next = std::min(next, committed_at_ + kBetweenIdleCommits);
  for (const auto& [id, send] : sends_)
    if (send.until > at.mono) next = std::min(next, send.until);
  if (const auto due = notices_.next_deadline()) next = std::min(next, *due);
  if (!control_) next = std::min(next, listen_at_);
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

}  // namespace dingtail::app
