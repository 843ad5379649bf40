// The messages that wait, by target, and what they say: which of them is next, which are told by one digest,
// which are merged where there are too many. It does not know when a message may leave, nor through which
// robot (courier.h). Pure. Nothing is dropped: a row ends delivered, or as part of another.
//
// Five messages that wait are told by one digest, and beyond five such digests, or beyond the limit of bytes,
// by a line a rule: the least severe ones first, the newest of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "deliver/row.h"
#include "deliver/unsaved.h"
#include "format/digest.h"
#include "format/message.h"

namespace dingtail::deliver {

// A new message.
struct Post {
  std::string target;
  format::Message message;
  std::string alert;  // as Row has them
  std::string report;
  std::vector<format::DigestLine> lines;
};

class Outbox {
 public:
  using NewUuid = std::function<std::string()>;

  // Of one target. A row is in one of its lists, or with a robot.
  struct Queue {
    std::set<std::pair<int, std::uint64_t>> pending;  // in the order in which they leave
    std::set<std::uint64_t> frozen;                   // kSending, with no robot now
    std::set<std::uint64_t> urgent;                   // a person waits for the answer
    std::map<std::uint64_t, base::Mono> held;         // when each may be tried again
    std::map<std::string, std::uint64_t> by_alert;    // of the pending ones, those that take further hits
    std::map<std::string, std::uint64_t> by_rule;     // of the pending ones, those of a line a rule
    std::size_t rows = 0;
    std::size_t lines_cost = 0;  // of the pending ones that are told alert by alert: what a digest takes
    std::size_t bytes = 0;       // of all that may be merged to a line a rule
  };

  explicit Outbox(NewUuid new_uuid) : new_uuid_(std::move(new_uuid)) {}
  void set_limit(std::size_t bytes) { limit_bytes_ = bytes; }
  void restore(Row row, base::Mono held_until);

  // The pending row with that alert's message; null: none. Valid until the next call that is not const.
  [[nodiscard]] const Row* waiting(const std::string& target, const std::string& alert) const;
  // In the place of waiting(target, alert), where there is such a row; else as a new one.
  std::uint64_t add(Post post, base::Now now);
  // A message that is part of no digest and passes all others.
  std::uint64_t add_urgent(Post post, base::Now now);

  // What leaves next: kSending from here on, in the queue's `frozen`. One digest of all that wait where five
  // do, or `most` are exceeded. REQUIRES: pending ones.
  std::uint64_t freeze_next(const std::string& target, std::size_t most, const format::DigestStyle& style,
                            base::Now now);
  // The same of one row, as it is: an urgent or a held one.
  std::uint64_t freeze(std::uint64_t id);
  // kSending: with that robot, or with none now.
  void give(std::uint64_t id, const std::string& robot);
  void release(std::uint64_t id);
  // The row was definitely not delivered: it may say other words.
  void thaw(std::uint64_t id);
  // The same of one for which a person waits.
  void thaw_urgent(std::uint64_t id);
  void hold(std::uint64_t id, base::Now now, base::Millis wait);
  // Prepares what was refused to be said otherwise; false where there is no other way.
  enum class Refusal { kSize, kContent };
  bool reword(std::uint64_t id, Refusal refusal);
  void erase(std::uint64_t id);

  [[nodiscard]] bool has(std::uint64_t id) const { return rows_.contains(id); }
  [[nodiscard]] const Row& at(std::uint64_t id) const { return rows_.at(id); }
  void attempted(std::uint64_t id);
  void mark_unsure(std::uint64_t id);
  // Its words without one of the keywords get one, and a new uuid where it was attempted before.
  void add_keyword(std::uint64_t id, const std::vector<std::string>& keywords);
  [[nodiscard]] const std::map<std::string, Queue>& queues() const { return queues_; }

  void take_changes(Changes& changes);
  void committed() { unsaved_.committed(); }
  [[nodiscard]] bool has_changes() const { return unsaved_.any(); }
  [[nodiscard]] bool durable(std::uint64_t id) const { return !unsaved_.has(id); }

 private:
  // Its place in Queue::pending.
  static int order_of(const Row& row);
  static bool may_fold(const Row& row);
  static bool has_text(const Row& row);
  static bool can_be_smaller(const Row& row);
  Row new_row(Post post, base::Now now);
  Row take(std::uint64_t id);
  void put(Row row);
  void count(const Row& row, bool in);
  // The lines of rows in the order in which they are told, each with its row.
  struct Told {
    std::vector<const format::DigestLine*> lines;
    std::vector<std::uint64_t> rows;
    bool small = false;  // one of the rows
  };
  [[nodiscard]] Told in_order(const std::vector<std::uint64_t>& ids) const;
  std::uint64_t freeze_digest(const std::string& target, const std::vector<std::uint64_t>& ids,
                              format::DigestStyle style, base::Now now);
  void keep_digests(const std::string& target, format::DigestStyle style, base::Now now);
  using Parts = std::map<std::uint64_t, std::vector<format::DigestLine>>;  // of rows: some of their lines
  void leave(const Parts& parts);
  [[nodiscard]] std::vector<std::uint64_t> told_together(const Queue& queue) const;
  void keep_limits(const std::string& target);
  bool fold_last(const Queue& queue);
  void fold(const Row& row);
  void fold(const std::string& target, base::Wall created, const format::DigestLine& line);

  NewUuid new_uuid_;
  std::map<std::uint64_t, Row> rows_;
  std::map<std::string, Queue> queues_;  // by target
  std::uint64_t last_id_ = 0;
  std::size_t limit_bytes_ = 64UL << 20;
  std::size_t bytes_ = 0;  // of all rows
  Unsaved<std::uint64_t> unsaved_;
};

}  // namespace dingtail::deliver
