// How messages that wait are merged.
#include <algorithm>

#include "deliver/outbox.h"

namespace dingtail::deliver {
namespace {

constexpr std::size_t kDigestFrom = 5;   // messages that wait
constexpr std::size_t kMostDigests = 5;  // alert by alert
constexpr std::size_t kSmallBytes = 10'000;
constexpr std::size_t kOneLineBytes = 6'000;  // a digest of one line takes less

// The first of those that tell rules.
int order_of_rules() {
  format::DigestLine rule;
  rule.of_rule = true;
  rule.severity = config::Severity::kCritical;
  return format::order_of(rule);
}

}  // namespace

int Outbox::order_of(const Row& row) {
  int first = format::order_of(row.lines.empty() ? format::DigestLine{} : row.lines.front());
  for (const auto& line : row.lines) first = std::min(first, format::order_of(line));
  return first;
}

bool Outbox::has_text(const Row& row) {
  return std::ranges::any_of(row.lines, [](const auto& line) { return !line.text.empty(); });
}

// By a digest of its lines. One that is within the bounds would say the same again.
bool Outbox::can_be_smaller(const Row& row) {
  if (row.small || row.lines.empty()) return false;
  return row.body.size() > (row.lines.size() == 1 ? kOneLineBytes : kSmallBytes);
}

bool Outbox::may_fold(const Row& row) {
  const bool waits = row.state == RowState::kPending && order_of(row) < order_of_rules();
  return !row.lines.empty() && (waits || row.state == RowState::kHeld);
}

std::uint64_t Outbox::freeze_next(const std::string& target, std::size_t most,
                                  const format::DigestStyle& style, base::Now now) {
  const auto& queue = queues_.at(target);
  const auto first = queue.pending.begin()->second;
  if (rows_.at(first).lines.empty()) return freeze(first);
  const auto ids = told_together(queue);
  const bool many = ids.size() >= kDigestFrom || ids.size() > most;
  if (many) return freeze_digest(target, ids, style, now);
  const auto id = ids.front();
  return rows_.at(id).body.empty() ? freeze_digest(target, {id}, style, now) : freeze(id);
}

// What lost its texts to the content check goes first, and with no texts of others: these might be refused in
// their turn, and it would never leave while a log goes on with what is refused.
std::vector<std::uint64_t> Outbox::told_together(const Queue& queue) const {
  std::vector<std::uint64_t> all;
  std::vector<std::uint64_t> bare;
  for (const auto& [order, id] : queue.pending) {
    const Row& row = rows_.at(id);
    if (row.lines.empty()) continue;
    all.push_back(id);
    if (row.body.empty() && order < order_of_rules() && !has_text(row)) bare.push_back(id);
  }
  return bare.empty() ? all : bare;
}

std::uint64_t Outbox::freeze_digest(const std::string& target, const std::vector<std::uint64_t>& ids,
                                    format::DigestStyle style, base::Now now) {
  struct Part {
    const format::DigestLine* line;
    std::uint64_t row;
  };
  std::vector<Part> parts;
  bool small = false;
  for (const auto id : ids) {
    const Row& row = rows_.at(id);
    for (const auto& line : row.lines) parts.push_back({&line, id});
    small = small || row.small;
  }
  if (small) style.max_body_bytes = kSmallBytes;
  std::ranges::stable_sort(parts, {}, [](const Part& part) { return format::order_of(*part.line); });
  std::vector<const format::DigestLine*> lines;
  lines.reserve(parts.size());
  for (const auto& part : parts) lines.push_back(part.line);
  auto digest = format::digest(lines, style, now);

  Post post{target, std::move(digest.message), {}, {}, {}};
  std::map<std::uint64_t, std::vector<format::DigestLine>> left;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto& of_row = left[parts[i].row];
    (i < digest.told ? post.lines : of_row).push_back(*parts[i].line);
  }
  for (auto& [id, rest] : left) {
    if (rest.size() == rows_.at(id).lines.size()) continue;
    auto row = take(id);
    if (rest.empty()) continue;
    row.lines = std::move(rest);
    row.body.clear();
    put(std::move(row));
  }
  auto row = new_row(std::move(post), now);
  row.state = RowState::kSending;
  row.small = small;
  put(std::move(row));
  return last_id_;
}

void Outbox::keep_limits(const std::string& target) {
  const auto& queue = queues_.at(target);
  while (queue.lines_cost > kMostDigests * format::kDigestLinesBytes && fold_last(queue)) {
  }
  while (bytes_ > limit_bytes_) {
    const auto most =
        std::ranges::max_element(queues_, {}, [](const auto& each) { return each.second.bytes; });
    if (!fold_last(most->second)) return;
  }
}

// Where none waits, one that is held.
bool Outbox::fold_last(const Queue& queue) {
  std::optional<std::uint64_t> last;
  for (auto at = queue.pending.lower_bound({order_of_rules(), 0}); !last && at != queue.pending.begin();)
    if (const auto id = (--at)->second; may_fold(rows_.at(id))) last = id;
  for (auto at = queue.held.begin(); !last && at != queue.held.end(); ++at)
    if (may_fold(rows_.at(at->first))) last = at->first;
  if (last) fold(take(*last));
  return last.has_value();
}

void Outbox::fold(const Row& row) {
  for (const auto& line : row.lines) {
    const auto& by_rule = queues_.at(row.target).by_rule;
    const auto same = by_rule.find(line.rule);
    Row rules;
    if (same != by_rule.end()) {
      rules = take(same->second);
    } else {
      rules.id = ++last_id_;
      rules.target = row.target;
      rules.created = row.created;
      rules.lines.emplace_back();
      rules.lines.front().rule = line.rule;
      rules.lines.front().of_rule = true;
    }
    format::merge(rules.lines.front(), line);
    put(std::move(rules));
  }
}

}  // namespace dingtail::deliver
