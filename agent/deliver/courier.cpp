#include "deliver/courier.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "deliver/sign.h"

namespace dingtail::deliver {
namespace {

constexpr base::Millis kHoldMost = std::chrono::hours(1);
constexpr base::Millis kReadingTheClock{100};  // of both, at the most

constexpr std::string_view kRested = "before the last start it said that it gets too much";
constexpr std::string_view kRestedRemedy =
    "What it said is in the log. If other hosts or tools use this robot, lower per_minute.";

constexpr std::string_view kTokenKey = "access_token=";

// From a stored wall time to what is still to wait, whatever the clock did in between.
base::Millis left_until(base::Wall until, base::Wall now, base::Millis most) {
  return std::clamp(until - now, base::Millis{0}, most);
}

// Empty: the webhook has none.
std::string_view token_of(const Robot& robot) {
  const std::string_view webhook = robot.webhook.reveal();
  const auto at = webhook.find(kTokenKey);
  if (at == std::string_view::npos) return {};
  const auto token = webhook.substr(at + kTokenKey.size());
  return token.substr(0, token.find('&'));
}

}  // namespace

std::string key_of(const Robot& robot) {
  const std::string_view webhook = robot.webhook.reveal();
  return base::hex(
      base::fingerprint(token_of(robot), base::fingerprint(webhook.substr(0, webhook.find('?')))));
}

Secrets secrets_of(const Robot& robot) {
  Secrets out{token_of(robot), robot.secret.reveal()};
  std::erase(out, "");
  return out;
}

void Courier::set_targets(std::vector<Target> targets, std::size_t outbox_bytes) {
  outbox_.set_limit(outbox_bytes);
  targets_.clear();
  std::map<std::string, std::map<std::string, Way>> before;
  for (auto& [key, lane] : lanes_) before[key] = std::exchange(lane.ways, {});
  std::map<std::string, std::uint32_t> per_minute;
  for (auto& target : targets) {
    for (const auto& robot : target.robots) {
      const auto key = key_of(robot);
      const auto [least, first] = per_minute.emplace(key, target.per_minute);
      least->second = std::min(least->second, target.per_minute);
      auto& lane = lanes_[key];
      lane.record.key = key;
      lane.quota.set_per_minute(least->second);
      const Way& was = before[key][target.name];  // how it is shows until the next answer
      lane.ways[target.name] = {.robot = robot, .state = was.state, .last_error = was.last_error};
    }
    auto name = target.name;
    targets_.insert_or_assign(std::move(name), std::move(target));
  }
  for (auto& [key, lane] : lanes_) {
    if (!lane.row || lane.in_flight || lane.ways.contains(outbox_.at(*lane.row).target)) continue;
    outbox_.release(*lane.row);
    lane.row.reset();
  }
}

void Courier::restore(std::vector<Row> rows, const std::vector<RobotRecord>& robots, base::Now now) {
  follow_clock(now);
  for (const auto& record : robots) restore_record(record, now);
  for (auto& row : rows) {
    if (row.state == RowState::kSending)  // its robot may have it already
      for (auto& [key, lane] : lanes_)
        if (key == row.robot || row.robot.empty()) {
          lane.quota.restore(now.mono);
          record_slot(lane, now);
        }
    const auto held_until = now.mono + left_until(row.not_before, now.wall, kHoldMost);
    outbox_.restore(std::move(row), held_until);
  }
}

// One without a key is of an agent that kept none: it may be any robot's, and from here on is each one's own.
// What says nothing any more, of a robot that is not configured, is forgotten.
void Courier::restore_record(const RobotRecord& record, base::Now now) {
  const bool old =
      record.rests_until <= now.wall && std::ranges::all_of(record.answered, [&](const auto& each) {
        return each.first + Quota::kWindow <= now.wall;
      });
  if (record.key.empty() || (old && !lanes_.contains(record.key))) records_.touch(record.key);
  if (old) return;
  if (!record.key.empty()) {
    auto& lane = lanes_[record.key];
    lane.record.key = record.key;
    return restore_record(lane, record, now);
  }
  for (auto& [key, lane] : lanes_) {
    restore_record(lane, record, now);
    records_.touch(key);
  }
}

void Courier::restore_record(Lane& lane, const RobotRecord& record, base::Now now) {
  for (const auto& [answered, count] : record.answered) {
    lane.record.answered[answered] += count;
    const auto left = left_until(answered + Quota::kWindow, now.wall, Quota::kWindow);
    for (std::uint32_t i = 0; i < count; ++i) lane.quota.restore(now.mono + left - Quota::kWindow);
  }
  const auto rest_left = left_until(record.rests_until, now.wall, kRestMost);
  if (rest_left.count() == 0) return;
  lane.record.rests_until = record.rests_until;
  rest(lane, rest_left, now);
  lane.last_error = {std::nullopt, std::string(kRested), std::string(kRestedRemedy), now.wall};
}

const Courier::Way* Courier::way_of(const std::string& target, const std::string& key) const {
  const auto lane = lanes_.find(key);
  if (lane == lanes_.end()) return nullptr;
  const auto way = lane->second.ways.find(target);
  return way == lane->second.ways.end() ? nullptr : &way->second;
}

std::vector<Courier::WayOfARobot> Courier::ways_of(const std::string& target) const {
  std::vector<WayOfARobot> out;
  for (const auto& [key, lane] : lanes_)
    if (const auto* way = way_of(target, key)) out.emplace_back(&lane, way);
  return out;
}

// What is recorded of the robots in wall time moves along where that is set: by a minute ahead, and the slots
// of the last one would be free after a restart.
void Courier::follow_clock(base::Now now) {
  const auto ahead = now.wall.time_since_epoch() - now.mono.time_since_epoch();
  const auto step = ahead - wall_ahead_.value_or(ahead);
  if (!wall_ahead_) wall_ahead_ = ahead;
  if (std::chrono::abs(step) < kReadingTheClock) return;
  wall_ahead_ = ahead;
  for (auto& [key, lane] : lanes_) {
    auto& [name, rests_until, answered] = lane.record;
    if (answered.empty() && rests_until == base::Wall{}) continue;
    if (rests_until != base::Wall{}) rests_until += step;
    for (const auto& [second, count] : std::exchange(answered, {})) answered[second + step] = count;
    records_.touch(key);
  }
}

Changes Courier::take_changes() {
  Changes out;
  outbox_.take_changes(out);
  for (const auto& key : records_.take()) {
    const auto lane = lanes_.find(key);
    out.robots.push_back(lane == lanes_.end() ? RobotRecord{key, {}, {}} : lane->second.record);
  }
  return out;
}

void Courier::committed() {
  outbox_.committed();
  records_.committed();
}

std::vector<Attempt> Courier::attempts(base::Now now) {
  std::vector<Attempt> out;
  for (auto& [key, lane] : lanes_) {
    if (!lane.row || lane.in_flight || !outbox_.durable(*lane.row)) continue;
    outbox_.attempted(*lane.row);
    lane.quota.sent();
    const Row& row = outbox_.at(*lane.row);
    const Robot& robot = lane.in_flight.emplace(lane.ways.at(row.target).robot);
    out.push_back({row.id,
                   row.target,
                   {signed_url(robot.webhook, robot.secret, now.wall + lane.skew), row.body, robot.proxy,
                    robot.ca_file}});
  }
  return out;
}

bool Courier::in_flight() const {
  return std::ranges::any_of(lanes_, [](const auto& each) { return each.second.in_flight.has_value(); });
}

}  // namespace dingtail::deliver
