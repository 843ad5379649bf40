// The pipeline and the courier with a state, a clock and robots of the test's own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "app/pipeline.h"
#include "deliver/courier.h"
#include "format/json.h"
#include "support/load_text.h"

namespace dingtail::app {

using namespace std::chrono_literals;

// What a robot was told of one alert, by the title and the summary that the rules below give it.
struct Told {
  std::string rule;
  std::string key;
  std::string id;
  std::string event;
  std::uint64_t count = 0;
  std::uint64_t total = 0;
};

inline std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const auto begin = text.find(from);
  EXPECT_NE(begin, std::string::npos) << text;
  const auto at = begin + from.size();
  return text.substr(at, text.find(to, at) - at);
}

inline Told told_by(const std::string& words) {
  Told out;
  std::istringstream in(words);
  in >> out.rule >> out.key >> out.id >> out.event >> out.count >> out.total;
  EXPECT_FALSE(in.fail()) << words;
  return out;
}

inline Told told(const std::string& body) {
  return told_by(between(body, R"("title":")", "\""));
}

// The same of each line of a digest, or of the one message.
inline std::vector<Told> all_told(const std::string& body) {
  const std::string item = "\\n- ";
  if (body.find("Merged, nothing dropped") == std::string::npos) return {told(body)};
  std::vector<Told> out;
  for (auto at = body.find(item); at != std::string::npos; at = body.find(item, at + 1))
    out.push_back(told_by(body.substr(at + item.size(), body.find("\\n", at + 1) - at - item.size())));
  return out;
}

inline std::string uuid_of(const std::string& body) {
  return between(body, R"("msgUuid":")", "\"");
}

constexpr const char* kTargets =
    "[[target]]\nname='ops'\nwebhook='https://oapi.dingtalk.com/robot/send?access_token=x'\n"
    "mention={mobiles=['13800000000']}\n"
    "[[target]]\nname='dba'\nwebhook='https://oapi.dingtalk.com/robot/"
    "send?access_token=y'\nevents=['firing']\n"
    "[defaults]\ngroup_wait='1s'\nrepeat_interval='10s'\nrepeat_max='20s'\n";

inline std::string rule(const std::string& name, const std::string& more = "") {
  return "[[rule]]\nname='" + name + "'\nmatch='" + name + " (?P<k>\\w+)'\ngroup_by=['k']\n" +
         "title='${rule} ${k} ${id} ${event} ${count} ${total}'\n" +
         "summary='${rule} ${k} ${id} ${event} ${count} ${total}'\n" + more;
}

// The pipeline and the courier as the agent joins them, a state that holds what was committed, a clock that
// the test turns, and two robots.
class World {
 public:
  explicit World(const std::string& rules) { start(rules, 1); }

  void start(const std::string& rules, std::uint32_t seed) {
    rules_ = rules;
    courier.emplace([this] { return "uuid" + std::to_string(++uuids_); }, seed);
    courier->set_targets(targets(), kOutboxBytes);
    std::vector<deliver::Row> rows;
    for (const auto& [id, row] : stored_rows) rows.push_back(row);
    std::vector<deliver::RobotRecord> records;
    for (const auto& [key, record] : stored_robots) records.push_back(record);
    courier->restore(std::move(rows), records, now);
    pipeline.emplace(compiled(rules), outbox());
    std::vector<alert::AlertState> alerts;
    for (const auto& [key, state] : stored_alerts) alerts.push_back(state);
    pipeline->restore(std::move(alerts), now);
  }

  void reload(const std::string& rules) {
    rules_ = rules;
    pipeline->replace(compiled(rules), now);
    courier->set_targets(targets(), kOutboxBytes);
  }

  void read(const std::string& line) {
    pipeline->read({line, "/f", "s"}, now);
    pipeline->tick(now);
  }

  void pass(base::Millis time) {
    const auto end = now.mono + time;
    for (auto due = pipeline->alerts().next_deadline(); due && *due <= end;
         due = pipeline->alerts().next_deadline())
      turn_at(std::max(*due, now.mono));
    turn_at(end);
  }

  void begin_commit() {
    courier->advance(now);
    cut_.emplace(Cut{pipeline->alerts().take_changes(now), courier->take_changes(), rules_});
  }
  [[nodiscard]] bool committing() const { return cut_.has_value(); }
  [[nodiscard]] const std::string& stored_rules() const { return stored_rules_; }
  void make_durable() {
    for (auto& state : cut_->alerts.changed) stored_alerts[{state.rule, state.group}] = state;
    for (const auto& key : cut_->alerts.erased) stored_alerts.erase(key);
    for (auto& row : cut_->outbox.changed) stored_rows[row.id] = row;
    for (const auto id : cut_->outbox.erased) stored_rows.erase(id);
    for (const auto& robot : cut_->outbox.robots) stored_robots[robot.key] = robot;
    stored_rules_ = cut_->rules;
    cut_.reset();
  }
  void commit() {
    begin_commit();
    make_durable();
    courier->committed();
  }
  void forget_cut() { cut_.reset(); }

  std::vector<deliver::Attempt> attempts() { return courier->attempts(now); }

  // The next body that `target` is posted; it is answered with success.
  std::string deliver_one(const std::string& target) {
    for (int turns = 0; turns < 3; ++turns) {
      commit();
      for (auto& attempt : attempts()) on_their_way[attempt.target] = attempt;
    }
    const auto at = on_their_way.find(target);
    if (at == on_their_way.end()) return "nothing was posted";
    const auto attempt = at->second;
    on_their_way.erase(at);
    courier->answered(attempt.id, answer(0), now);
    return attempt.request.body;
  }

  static deliver::HttpAnswer answer(int errcode) {
    deliver::HttpAnswer out;
    out.status = 200;
    out.body = R"({"errcode":)" + std::to_string(errcode) + R"(,"errmsg":"said"})";
    return out;
  }

  base::Now now{base::Mono(5h), base::Wall{1'700'000'000s}};
  std::optional<deliver::Courier> courier;
  std::optional<Pipeline> pipeline;
  std::map<alert::AlertKey, alert::AlertState> stored_alerts;
  std::map<std::uint64_t, deliver::Row> stored_rows;
  std::map<std::string, deliver::RobotRecord> stored_robots;
  std::map<std::string, deliver::Attempt> on_their_way;  // by target
  std::uint64_t joined = 0;                              // messages that took the place of another

 private:
  void turn_at(base::Mono at) {
    now = {at, now.wall + (at - now.mono)};
    pipeline->tick(now);
  }

  struct Cut {
    alert::AlertChanges alerts;
    deliver::Changes outbox;
    std::string rules;
  };

  static constexpr std::size_t kOutboxBytes = 64UL << 20;

  static std::vector<deliver::Target> targets() {
    const auto one = [](const std::string& name, const std::string& token, std::uint32_t per_minute) {
      const base::Secret webhook("https://h/send?access_token=" + token);
      return deliver::Target{name, {{name, webhook, base::Secret(""), {}, "", ""}}, per_minute, {}};
    };
    return {one("ops", "x", 6), one("dba", "y", 2)};
  }

  static std::unique_ptr<RuleSet> compiled(const std::string& rules) {
    config::Problems problems;
    auto set = compile(test::rules_of(kTargets + rules), problems);
    EXPECT_THAT(test::brief(problems), testing::IsEmpty());
    return set;
  }

  Outbox outbox() {
    return {[this](const auto& target, const auto& alert) -> std::optional<std::string> {
              if (const auto* row = courier->waiting(target, alert)) return row->report;
              return std::nullopt;
            },
            [this](Outgoing message, base::Now at) { take(std::move(message), at); }};
  }

  void take(Outgoing message, base::Now at) {
    joined += courier->waiting(message.target, message.alert) ? 1 : 0;
    courier->add({message.target, message.message, message.alert, message.report, {message.line}}, at);
  }

  std::string rules_;
  std::string stored_rules_;
  std::optional<Cut> cut_;
  std::uint64_t uuids_ = 0;
};

}  // namespace dingtail::app
