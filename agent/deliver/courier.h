// All decisions about messages that leave: which one when, through which robot, and what follows from its
// answer. Pure: it posts and stores nothing itself. The app carries attempts() to Http, its answers to
// answered(), and take_changes() to the state's next commit.
//
// A message leaves only while it is kSending and a commit says so. Until a definite answer it is repeated
// byte for byte; after a refusal it may say other words (outbox.h). A robot has one message at a time, keeps
// its own quota, and rests, whichever targets it serves. How else it takes their messages is each target's
// own: one may have a wrong secret, or a proxy that is dead. The robots of a target share what waits for it,
// and those that rest or fail do not hinder the others. Targets do not wait for one another.
#pragma once

#include <cstdint>
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
#include "deliver/outbox.h"
#include "deliver/quota.h"
#include "deliver/row.h"
#include "deliver/unsaved.h"

namespace dingtail::deliver {

struct Robot {
  std::string name;  // for people: its target's, or "ops (robot 2)"
  base::Secret webhook;
  base::Secret secret;                // empty: the robot does not sign
  std::vector<std::string> keywords;  // a message must hold one of them
  std::string proxy;
  std::string ca_file;
};

// The same for two webhooks with one address and access_token; tells nothing of them.
std::string key_of(const Robot& robot);

// Its token and secret, as far as it has them. Valid while it is.
Secrets secrets_of(const Robot& robot);

struct Target {
  std::string name;
  std::vector<Robot> robots;
  std::uint32_t per_minute = 18;  // of each robot; of several targets' for one robot, the least counts
  format::DigestStyle digest;
};

struct Attempt {
  std::uint64_t id = 0;
  std::string target;
  HttpRequest request;
};

struct Outcome {
  std::string target;
  std::string robot;           // by name
  Judgement judgement;         // its verdict is what happens next
  base::Millis retry_in{0};    // unless delivered
  bool reworded = false;       // it was refused, and will say other words
  bool passed_on = false;      // a person's own: this robot did not take it, another is asked
  std::size_t held = 0;        // messages of the target that are held now for what they say
  std::uint32_t failures = 0;  // passing ones of the robot, in a row
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
  TargetState state = TargetState::kOk;  // of several robots, the best one's
  bool gone = false;                     // not configured any more, but messages for it are kept
  std::size_t queue = 0;                 // not delivered yet
  std::size_t held = 0;                  // of these, refused for what they say
  std::uint32_t sent_last_minute = 0;
  std::uint32_t quota_left = 0;  // of the robots that may send now
  std::uint64_t delivered = 0;   // since the start
  std::optional<LastError> last_error;
};

class Courier {
 public:
  Courier(Outbox::NewUuid new_uuid, std::uint32_t seed) : random_(seed), outbox_(std::move(new_uuid)) {}

  // At the start, and at a reload. Rows stay, also those of a target that is gone. A reload is a person's
  // word that something was mended: a robot that waits for its mending is tried at once. A throttled one
  // rests on.
  void set_targets(std::vector<Target> targets, std::size_t outbox_bytes);
  // At start, once. Rows that were on their way are repeated at once; the quotas are as they were.
  void restore(std::vector<Row> rows, const std::vector<RobotRecord>& robots, base::Now now);

  [[nodiscard]] const Row* waiting(const std::string& target, const std::string& alert) const {
    return outbox_.waiting(target, alert);
  }
  std::uint64_t add(Post post, base::Now now) { return outbox_.add(std::move(post), now); }
  // A person's own message: it passes all others, and leaves through a robot that works, when that has a
  // slot; where none works, through one that is retried, or held. Where a robot does not take it and a better
  // one is left, that one is asked; else it goes with its answer, whatever that is. Nothing where all robots
  // rest.
  std::optional<std::uint64_t> add_urgent(Post post, base::Now now);
  // False: it is on its way, or answered.
  bool cancel(std::uint64_t id);

  // Lets what may leave now into the coming commit.
  void advance(base::Now now);
  // What the next commit must hold. Until committed() is called, the next take_changes() has it all again.
  Changes take_changes();
  [[nodiscard]] bool has_changes() const { return outbox_.has_changes() || records_.any(); }
  void committed();

  // What to post now. Each is answered by one call of answered().
  std::vector<Attempt> attempts(base::Now now);
  Outcome answered(std::uint64_t id, const HttpAnswer& answer, base::Now now);

  // When advance() could next have something to do by time alone.
  [[nodiscard]] std::optional<base::Mono> next_deadline(base::Now now) const;
  [[nodiscard]] std::vector<TargetStatus> status(base::Now now) const;  // by name
  [[nodiscard]] bool in_flight() const;

 private:
  // From a target to one of its robots, and what came of its messages there.
  struct Way {
    Robot robot;  // as that target has it
    base::Mono not_before{};
    TargetState state = TargetState::kOk;  // never kThrottled: that is the robot's
    std::uint32_t failures = 0;            // passing ones, in a row
    std::uint32_t tries = 0;               // of them, such as have an end
    std::uint32_t ends = 0;                // of tries, since the last delivery
    bool signed_anew = false;              // after an invalid timestamp
    std::optional<LastError> last_error;
  };

  // A robot, and what it does for all its targets.
  struct Lane {
    std::map<std::string, Way> ways;  // by target; none: it is not configured any more
    Quota quota{0};
    std::optional<std::uint64_t> row;  // its message, from the commit before its attempt to the answer
    std::optional<Robot> in_flight;    // as it was at the attempt
    base::Mono rests_until{};
    bool digest_next = false;             // after a rest
    std::optional<LastError> last_error;  // why it rests
    base::Millis skew{0};                 // the robot's clock less ours
    RobotRecord record;
  };

  static constexpr base::Millis kRestMost = std::chrono::minutes(20);  // of a robot that gets too much

  using WayOfARobot = std::pair<const Lane*, const Way*>;
  using Queues = std::vector<const Outbox::Queue*>;

  [[nodiscard]] const Way* way_of(const std::string& target, const std::string& key) const;
  [[nodiscard]] std::vector<WayOfARobot> ways_of(const std::string& target) const;
  void restore_record(const RobotRecord& record, base::Now now);
  static void restore_record(Lane& lane, const RobotRecord& record, base::Now now);
  void follow_clock(base::Now now);
  static void wait_for_a_person(Way& way, base::Now now);
  static void rest(Lane& lane, base::Millis wait, base::Now now);
  static TargetState state_of(const Lane& lane, const Way& way, base::Mono now);
  static base::Mono open_at(const Lane& lane, const Way& way);

  [[nodiscard]] bool may_have(const Row& row, const std::string& key) const;
  std::optional<std::uint64_t> choose(const std::string& key, const Lane& lane, base::Now now);
  std::optional<std::uint64_t> choose_of(const Queues& queues, const std::string& key, const Lane& lane,
                                         base::Now now);
  std::optional<std::uint64_t> choose_urgent(const Lane& lane, base::Mono now);
  [[nodiscard]] std::optional<TargetState> best_state(const std::string& target, base::Mono now) const;
  [[nodiscard]] bool takes_urgent(const Lane& lane, const std::string& target, base::Mono now) const;
  bool pass_on(std::uint64_t id, TargetState state, const Judgement& judgement, base::Mono now);
  [[nodiscard]] std::optional<std::uint64_t> frozen_of(const Outbox::Queue& queue,
                                                       const std::string& key) const;
  [[nodiscard]] std::size_t free_slots(const std::string& target, base::Mono now) const;
  [[nodiscard]] std::optional<base::Mono> due_of(const Outbox::Queue& queue, const std::string& key) const;
  [[nodiscard]] std::optional<base::Mono> work_for(const std::string& key, const Lane& lane,
                                                   base::Mono now) const;
  void tell_robots(const std::string& target, TargetStatus& status, base::Now now) const;

  static void reconsider(Lane& lane, Way& way, Judgement& judgement, const HttpAnswer& answer, base::Now now);
  void count_answer(Lane& lane, Reach reach, base::Now now);
  void record_slot(Lane& lane, base::Now now);
  base::Millis settle_way(Lane& lane, Way& way, const Judgement& judgement, base::Now now);
  bool settle_row(std::uint64_t id, const Judgement& judgement, base::Now now);
  base::Millis back_off(std::uint32_t failures);
  base::Millis random(base::Millis least, base::Millis most);

  std::mt19937 random_;
  Outbox outbox_;
  std::map<std::string, Target> targets_;
  std::map<std::string, Lane> lanes_;  // by key_of()
  std::map<std::string, std::uint64_t> delivered_;
  std::set<std::uint64_t> urgent_;
  Unsaved<std::string> records_;
  std::optional<base::Millis> wall_ahead_;  // of the other clock, when the records were in its time
};

}  // namespace dingtail::deliver
