#include "model/play.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <functional>
#include <map>
#include <optional>

namespace dingtail::model {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kSweep{61};
constexpr seconds kSilent{12};

std::optional<std::size_t> line_number(std::string_view record) {
  std::size_t number = 0;
  if (!record.starts_with('<')) return std::nullopt;
  const auto* end = record.data() + record.size();
  const auto parsed = std::from_chars(record.data() + 1, end, number);
  if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ':') return std::nullopt;
  return number;
}

}  // namespace

void Counts::add(const Counts& other) {
  std::transform(done.begin(), done.end(), other.done.begin(), done.begin(), std::plus<>());
  lines += other.lines;
  counted += other.counted;
  gone += other.gone;
  told += other.told;
  losses += other.losses;
}

Play::Play(const Plan& plan, const std::string& directory, Trace trace, const MakeAgent& make)
    : plan_(plan), trace_(trace), directory_(directory), world_(directory, plan) {
  agent_ = make({directory, world_.patterns(),
                 [this](base::Level, std::string_view line) { note("    " + std::string(line)); },
                 [this](std::string_view record, std::string_view path) { take(record, path); }});
}

void Play::note(const std::string& what) {
  if (trace_ == Trace::kNone || what.empty()) return;
  std::string_view left = what;
  for (auto at = left.find(directory_); at != left.npos; at = left.find(directory_)) {
    out_.trace += left.substr(0, at);
    left.remove_prefix(at + directory_.size());
  }
  out_.trace += left;
  out_.trace += "\n";
}

Outcome Play::run() {
  try {
    begin();
    for (const auto& op : plan_.ops) play(op);
    finish();
    judge();
  } catch (const std::exception& error) {
    fail(std::string("threw: ") + error.what());
  }
  return std::move(out_);
}

void Play::begin() {
  agent_->start();
  look();
  commit();
  if (plan_.begins_empty) return;
  agent_->before_change();
  world_.write_all();
  look();
  commit();
}

void Play::play(const Op& op) {
  if (op.act < Act::kLook) {
    agent_->before_change();
    const auto said = world_.apply(op);
    if (said.empty()) return;
    note(said);
    if (agent_->running() && !agent_->driven()) world_.glanced();
  } else {
    if (agent_->running() == (op.act == Act::kStart)) return;
    note(describe(op));
    play_on_agent(op);
  }
  ++out_.counts.done.at(static_cast<std::size_t>(op.act));
}

// It runs, or is to be started.
void Play::play_on_agent(const Op& op) {
  constexpr std::array<milliseconds, 4> kTimes{seconds(5), kSilent, kSweep, minutes(11)};
  const auto time = kTimes.at(op.how % kTimes.size());
  switch (op.act) {
    case Act::kStart:
      agent_->start();
      return world_.glanced();
    case Act::kLook:
      return look();
    case Act::kSweep:
      if (!agent_->driven()) return look();
      agent_->pass(kSweep);
      return world_.looked(Silence::kNone);
    case Act::kWait:
      look();
      if (agent_->driven()) pass(time);
      return;
    case Act::kGlance:
    case Act::kCommit:
      agent_->glance(1 + op.how % 300);
      world_.glanced();
      if (op.act == Act::kCommit) commit();
      return;
    case Act::kStop:
      agent_->stop();
      world_.committed();
      return;
    case Act::kKill:
      agent_->kill();
      world_.killed();
      return;
    default:
      return;
  }
}

void Play::look() {
  agent_->look();
  world_.looked(Silence::kNone);
}

void Play::pass(base::Millis time) {
  agent_->pass(time);
  world_.looked(time >= kSilent ? Silence::kLong : Silence::kNone);
}

void Play::commit() {
  agent_->commit();
  world_.committed();
  lines_at_loss_.resize(agent_->losses().size(), world_.lines().size());
}

// All that still exists must be counted in the end; and no more of it after restarts.
void Play::finish() {
  note("the end");
  agent_->before_change();
  world_.write_all();
  if (!agent_->running()) agent_->start();
  for (int i = 0; i < 2; ++i) {
    look();
    if (agent_->driven()) pass(kSweep);
    commit();
    agent_->stop();
    agent_->start();
  }
  look();
  if (agent_->driven()) pass(minutes(11));
  commit();
}

void Play::take(std::string_view record, std::string_view path) {
  const std::string what(record);
  note("    " + std::string(path) + ": " + what.substr(0, 60));
  if (record == "#" + std::string(plan_.header_bytes, 'h')) return;
  if (record.empty()) return;  // the newline of a line that was a record without it: no other line is empty
  const auto& lines = world_.lines();
  const auto number = line_number(record);
  if (!number) {
    const bool is_rest = std::any_of(parts_.begin(), parts_.end(), [&](std::size_t part) {
      return lines[part].text.find(record) != std::string::npos;
    });
    if (!is_rest) fail("broken: no line and no rest of one: " + what);
  } else if (*number >= lines.size() || !lines[*number].text.starts_with(record)) {
    fail("broken: never was a line: " + what);
  } else if (lines[*number].text != record) {
    if (world_.may_be_completed(*number)) fail("early: a part of a line that may be completed: " + what);
    parts_.insert(*number);
  }
}

void Play::judge() {
  const auto& lines = world_.lines();
  std::vector<std::size_t> times(lines.size());
  std::map<std::size_t, std::size_t> last_of_file;
  for (const auto& record : agent_->records()) {
    const auto number = line_number(record);
    if (!number || *number >= lines.size()) continue;
    if (++times[*number] > 1) fail("twice: line " + std::to_string(*number));
    // A part of one may have waited.
    if (lines[*number].text != record || !lines[*number].ended || lines[*number].parted) continue;
    auto& last = last_of_file[lines[*number].file];
    if (*number < last)
      fail("order: line " + std::to_string(*number) + " after line " + std::to_string(last) +
           " of the same file");
    last = *number;
  }
  const auto losses = agent_->losses();
  lines_at_loss_.resize(losses.size(), lines.size());
  for (const auto& loss : losses)
    note("loss: " + loss.path + ", " + std::to_string(loss.bytes) + " bytes: " + loss.reason);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (times[i] == 0) judge_missing(i, losses);
  out_.counts.lines = lines.size();
  out_.counts.counted = static_cast<std::uint64_t>(
      std::count_if(times.begin(), times.end(), [](std::size_t n) { return n > 0; }));
  out_.counts.losses = losses.size();
}

void Play::judge_missing(std::size_t number, const std::vector<tail::Loss>& losses) {
  const auto& line = world_.lines()[number];
  if (line.must) return fail("lost: line " + std::to_string(number));
  bool told = false;
  for (std::size_t i = 0; i < losses.size(); ++i)
    told = told ||
           ((lines_at_loss_[i] > number || !agent_->driven()) && world_.belongs(losses[i].path, line.slot));
  ++out_.counts.gone;
  if (told) ++out_.counts.told;
  if (!told && line.fate == Fate::kDeleted && line.of_known_file)
    fail("untold: line " + std::to_string(number) + " was deleted and is in no ledger");
}

}  // namespace dingtail::model
