#include "app/notices.h"

#include <algorithm>

#include "app/delivery.h"

namespace dingtail::app {
namespace {

constexpr base::Millis kGather = std::chrono::seconds(2);
constexpr base::Millis kBetweenMessages = std::chrono::minutes(1);
constexpr base::Millis kBetweenSameCause = std::chrono::hours(1);
constexpr std::size_t kMostDetails = 5;

void add_detail(format::Trouble& trouble, const std::string& detail) {
  if (detail.empty() || std::ranges::find(trouble.details, detail) != trouble.details.end()) return;
  if (trouble.details.size() < kMostDetails)
    trouble.details.push_back(detail);
  else
    ++trouble.more_details;
}

// Without the target's own: it would wait behind what holds it.
std::vector<format::Trouble> told_to(const config::Target& target, const match::Redaction& redaction,
                                     const std::vector<format::Trouble>& troubles) {
  auto out = troubles;
  std::erase_if(out, [&](const format::Trouble& trouble) {
    return trouble.event == base::Event::kTargetHeld && trouble.subject == target.name;
  });
  for (auto& trouble : out) {
    trouble.subject = redaction.redacted(std::move(trouble.subject));
    for (auto& detail : trouble.details) detail = redaction.redacted(std::move(detail));
  }
  return out;
}

// What a digest tells of them.
format::DigestLine line_of(const std::vector<format::Trouble>& troubles, const format::Message& message) {
  format::DigestLine out;
  out.rule = "dingtail";
  out.text = message.title;
  out.alerts = 1;
  out.first = std::ranges::min(troubles, {}, &format::Trouble::first).first;
  out.last = std::ranges::max(troubles, {}, &format::Trouble::last).last;
  return out;
}

}  // namespace

format::Trouble& Notices::entry(base::Event event, const std::string& subject, base::Now now) {
  const Cause cause{event, subject};
  const auto [place, fresh] = waiting_.try_emplace(cause);
  auto& [trouble, earliest] = place->second;
  if (fresh) {
    trouble.event = event;
    trouble.subject = subject;
    trouble.first = now.wall;
    const auto told = told_at_.find(cause);
    earliest = told == told_at_.end() ? now.mono : std::max(now.mono, told->second + kBetweenSameCause);
    due_ = std::min(due_.value_or(base::Mono::max()), earliest + kGather);
  }
  trouble.last = now.wall;
  return trouble;
}

void Notices::hear(const std::vector<base::Told>& told, base::Now now) {
  for (const auto& each : told) {
    if (each.detail)
      add_detail(entry(each.event, each.subject, now), *each.detail);
    else
      over(each.event, each.subject);
  }
}

void Notices::hear(const tail::Loss& loss, base::Now now) {
  if (loss.suspected) return;
  auto& lost = entry(base::Event::kRecordsLost, loss.path, {now.mono, loss.at});
  lost.bytes += loss.bytes;
  add_detail(lost, loss.reason);
}

void Notices::over(base::Event event, const std::string& subject) {
  waiting_.erase({event, subject});
}

std::optional<base::Mono> Notices::next_deadline() const {
  return due_ ? std::optional(std::max(*due_, not_before_)) : std::nullopt;
}

std::vector<Outgoing> Notices::tick(const config::Config& config, const match::Redaction& redaction,
                                    base::Now now) {
  const auto due = next_deadline();
  return due && *due <= now.mono ? flush(config, redaction, now) : std::vector<Outgoing>{};
}

std::vector<Outgoing> Notices::flush(const config::Config& config, const match::Redaction& redaction,
                                     base::Now now) {
  const auto troubles = take(now.mono);
  std::vector<Outgoing> out;
  if (troubles.empty()) return out;
  not_before_ = now.mono + kBetweenMessages;
  const auto host = labels_of(config).at("host");
  for (const auto* target : config::targets_of(config, config.agent_targets)) {
    const auto told = told_to(*target, redaction, troubles);
    if (told.empty()) continue;
    Outgoing message;
    message.target = target->name;
    message.type = target->type;
    message.message = format::notice(told, host, style_of(*target, {}), now);
    message.line = line_of(told, message.message);
    out.push_back(std::move(message));
  }
  return out;
}

std::vector<format::Trouble> Notices::take(base::Mono now) {
  std::erase_if(told_at_, [&](const auto& told) { return told.second + kBetweenSameCause <= now; });
  due_.reset();
  std::vector<format::Trouble> out;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    auto& [trouble, earliest] = next->second;
    if (earliest > now) {
      due_ = std::min(due_.value_or(base::Mono::max()), earliest + kGather);
      ++next;
      continue;
    }
    told_at_[next->first] = now;
    if (trouble.event == base::Event::kRecordsLost) told_losses_.insert(trouble.subject);
    out.push_back(std::move(trouble));
    next = waiting_.erase(next);
  }
  return out;
}

}  // namespace dingtail::app
