// A courier, a clock that tests advance, and what a state store would hold.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "deliver/courier.h"

namespace dingtail::deliver {

inline Robot robot(const std::string& name) {
  return {name,
          base::Secret("https://h/send?access_token=token-of-" + name),
          base::Secret("secret-of-" + name),
          {},
          "",
          ""};
}

inline Target target(const std::string& name, std::uint32_t per_minute = 18) {
  return {name, {robot(name)}, per_minute, {}};
}

inline HttpAnswer errcode(int code, const std::string& errmsg = "said") {
  HttpAnswer answer;
  answer.status = 200;
  answer.body = R"({"errcode":)" + std::to_string(code) + R"(,"errmsg":")" + errmsg + R"("})";
  return answer;
}

inline HttpAnswer broken(Transport transport) {
  HttpAnswer answer;
  answer.transport = transport;
  answer.error = "broken";
  return answer;
}

// Told by no digest, so that each leaves by itself.
inline Post post(const std::string& target, const std::string& text) {
  Post out;
  out.target = target;
  out.message.text = text;
  return out;
}

inline std::string text_of(const std::string& body) {
  return nlohmann::json::parse(body)["markdown"]["text"];
}
inline std::string text_of(const Attempt& attempt) {
  return text_of(attempt.request.body);
}

class CourierTest : public testing::Test {
 protected:
  static constexpr std::size_t kMiB = 1 << 20;

  CourierTest() { configure({target("ops"), target("dba")}); }

  void configure(const std::vector<Target>& targets) { courier.set_targets(targets, kMiB); }
  std::uint64_t add(const std::string& target, const std::string& text) {
    return courier.add(post(target, text), now);
  }
  void store(const Changes& changes) {
    for (const auto& row : changes.changed) stored[row.id] = row;
    for (const auto id : changes.erased) stored.erase(id);
    for (const auto& robot : changes.robots) robots[robot.key] = robot;
  }
  void commit() {
    courier.advance(now);
    store(courier.take_changes());
    courier.committed();
  }
  std::vector<Attempt> attempts() {
    commit();
    return courier.attempts(now);
  }
  // Commits, and expects exactly one attempt.
  Attempt attempt() {
    const auto all = attempts();
    EXPECT_THAT(all, testing::SizeIs(1));
    return all.empty() ? Attempt{} : all.front();
  }
  // The agent after a restart, with what is stored.
  void restart(const std::vector<Target>& targets) {
    courier = Courier(uuids, 2);
    courier.set_targets(targets, kMiB);
    std::vector<RobotRecord> records;
    for (const auto& [key, record] : robots) records.push_back(record);
    courier.restore(rows(), records, now);
  }
  void pass(base::Millis time) {
    now.mono += time;
    now.wall += time;
  }
  Outcome answer(const Attempt& attempt, const HttpAnswer& with) {
    return courier.answered(attempt.id, with, now);
  }
  TargetStatus status(const std::string& target) {
    for (auto& each : courier.status(now))
      if (each.name == target) return each;
    ADD_FAILURE() << "no status of " << target;
    return {};
  }
  std::vector<Row> rows() const {
    std::vector<Row> out;
    for (const auto& [id, row] : stored) out.push_back(row);
    return out;
  }

  base::Now now{base::Mono(std::chrono::hours(5)), base::from_unix_ms(1'760'000'000'000)};
  std::uint64_t last_uuid = 0;
  const Outbox::NewUuid uuids = [this] { return "uuid-" + std::to_string(++last_uuid); };
  Courier courier{uuids, 1};
  std::map<std::uint64_t, Row> stored;
  std::map<std::string, RobotRecord> robots;
};

}  // namespace dingtail::deliver
