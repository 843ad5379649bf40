// The outbox in memory and all decisions about it: which message leaves when, and what follows from its
// answer. Pure: it posts and stores nothing itself. The app carries attempts() to Http, its answers to
// answered(), and take_changes() to the state's next commit.
//
// A message is a Row. It leaves only while it is kSending and a commit says so; it stays kSending, with the
// same uuid and body, until a definite answer. While it is kPending nobody has seen it, and a later message
// of the same alert takes its place. One row of a target is on its way at a time, the oldest first; targets
// do not wait for one another. Nothing is dropped.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "deliver/http.h"
#include "deliver/judge.h"
#include "deliver/quota.h"

namespace dingtail::deliver {

enum class RowState {
  kPending,    // nobody has seen it: it may still say other words
  kSending,    // may be on its way: its outcome is unknown until an answer
  kDelivered,  // kept until its slot of the quota is free, so that a restart knows of it
  kHeld,       // refused for what it says; tried again once an hour, and others pass it
};

struct Row {
  std::uint64_t id = 0;
  std::string uuid;
  std::string target;
  std::string body;    // JSON, with the uuid inside as msgUuid
  std::string alert;   // whose message it is; empty: none takes its place
  std::string report;  // while it is pending: what a message that takes its place must say too, as JSON
  RowState state = RowState::kPending;
  std::uint32_t attempts = 0;
  base::Wall created{};
  base::Wall not_before{};  // of a throttled or held row, for a restart
  base::Wall answered{};    // of a delivered row

  bool operator==(const Row&) const = default;
};

struct Robot {
  std::string name;  // of its target
  base::Secret webhook;
  base::Secret secret;  // empty: the robot does not sign
  std::uint32_t per_minute = 18;
  std::string proxy;
  std::string ca_file;
};

// What a server said, without the robot's token and secret, should it have echoed them.
std::string without_secrets(std::string text, const Robot& robot);

struct Changes {
  std::vector<Row> changed;  // new ones too
  std::vector<std::uint64_t> erased;
};

struct Attempt {
  std::uint64_t id = 0;
  std::string target;
  HttpRequest request;
};

struct Outcome {
  std::string target;
  Judgement judgement;       // its verdict is what happens next
  base::Millis retry_in{0};  // unless delivered
};

enum class TargetState { kOk, kRetrying, kThrottled, kHeld };
std::string_view name_of(TargetState state);

struct LastError {
  std::optional<std::int64_t> errcode;
  std::string errmsg;
  std::string remedy;
  base::Wall at{};
};

struct TargetStatus {
  std::string name;
  TargetState state = TargetState::kOk;
  std::size_t queue = 0;  // not delivered yet
  std::size_t held = 0;   // of these, refused for what they say
  std::uint32_t sent_last_minute = 0;
  std::uint32_t quota_left = 0;
  std::uint64_t delivered = 0;  // since the start
  std::optional<LastError> last_error;
};

class Courier {
 public:
  Courier(std::vector<Robot> robots, std::uint32_t seed);

  // At a reload. Rows stay, also those of a target that is gone. A reload is a person's word that something
  // was mended: a target that waits for its mending is tried at once. A throttled robot rests on.
  void set_robots(std::vector<Robot> robots);
  // Lets messages be said otherwise: those that were never sent or were definitely refused. `reword` gets
  // such a row and answers with its new uuid and body, or nothing to leave it.
  using Reword = std::function<std::optional<std::pair<std::string, std::string>>(const Row&)>;
  void reword(const Reword& reword);
  // At start, once. Rows that were on their way are repeated at once; delivered ones refill the quota.
  void restore(std::vector<Row> rows, base::Now now);

  // The pending row with that message; null: none. Valid until the next call that is not const.
  [[nodiscard]] const Row* waiting(const std::string& target, const std::string& alert) const;
  // Takes a message in: its uuid, target, body, alert and report. In the place of waiting(target, alert),
  // where there is such a row; else as a new one. Returns the row's id.
  std::uint64_t add(Row message, base::Now now);

  // What the next commit must hold. Until committed() is called, the next take_changes() has it all again.
  Changes take_changes();
  [[nodiscard]] bool has_changes() const { return !touched_.empty(); }
  void committed();

  // What to post now. Each is answered by one call of answered().
  std::vector<Attempt> attempts(base::Now now);
  Outcome answered(std::uint64_t id, const HttpAnswer& answer, base::Now now);

  // When attempts() could next have something by time alone.
  [[nodiscard]] std::optional<base::Mono> next_deadline(base::Now now) const;
  [[nodiscard]] std::vector<TargetStatus> status(base::Now now) const;  // by name
  [[nodiscard]] bool in_flight() const;

 private:
  struct Queue {
    std::optional<Robot> robot;  // none: no such target is configured
    Quota quota{0};
    std::set<std::uint64_t> waiting;               // pending and sending
    std::map<std::string, std::uint64_t> pending;  // of these, by alert, those whose place may be taken
    std::map<std::uint64_t, base::Mono> refused;   // held rows, and when each may be tried again
    std::optional<std::uint64_t> in_flight;
    base::Mono not_before{};
    TargetState state = TargetState::kOk;
    std::uint32_t failures = 0;  // passing ones, in a row
    std::uint32_t tries = 0;     // of them, such as have an end
    bool signed_anew = false;    // after an invalid timestamp
    base::Millis skew{0};        // the robot's clock less ours
    std::uint64_t delivered = 0;
    std::optional<LastError> last_error;
  };

  [[nodiscard]] static bool ready(const Queue& queue, base::Mono now);
  [[nodiscard]] static std::optional<std::uint64_t> next_row(const Queue& queue, base::Mono now);
  [[nodiscard]] bool durable(std::uint64_t id) const {
    return !touched_.contains(id) && !taken_.contains(id);
  }
  void restore_row(Row row, base::Now now);
  void advance(Queue& queue, base::Mono now);
  void erase_delivered(base::Mono now);
  static void enqueue(Queue& queue, const Row& row);
  static void reconsider(Queue& queue, Judgement& judgement, const HttpAnswer& answer, base::Now now);
  base::Millis settle(Queue& queue, Row& row, const Judgement& judgement, base::Now now);
  base::Millis back_off(std::uint32_t failures);
  base::Millis random(base::Millis least, base::Millis most);

  static constexpr base::Millis kKeepDelivered = std::chrono::seconds(60);
  static constexpr base::Millis kRestMost = std::chrono::minutes(20);  // of a throttled robot

  std::mt19937 random_;
  std::map<std::string, Queue> queues_;  // by target
  std::map<std::uint64_t, Row> rows_;
  std::uint64_t last_id_ = 0;
  std::set<std::uint64_t> touched_;  // changed or erased since the last take_changes()
  std::set<std::uint64_t> taken_;    // in a commit that is not durable yet
  std::deque<std::pair<base::Mono, std::uint64_t>> delivered_;  // when each is erased
};

}  // namespace dingtail::deliver
