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
  if (queue.pending.size() >= kDigestFrom) keep_digests(target, style, now);
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

Outbox::Told Outbox::in_order(const std::vector<std::uint64_t>& ids) const {
  std::vector<std::pair<const format::DigestLine*, std::uint64_t>> parts;
  Told out;
  for (const auto id : ids) {
    const Row& row = rows_.at(id);
    for (const auto& line : row.lines) parts.emplace_back(&line, id);
    out.small = out.small || row.small;
  }
  std::ranges::stable_sort(parts, {}, [](const auto& part) { return format::order_of(*part.first); });
  for (const auto& [line, id] : parts) {
    out.lines.push_back(line);
    out.rows.push_back(id);
  }
  return out;
}

// No other lines of those rows; no row without any.
void Outbox::leave(const Parts& parts) {
  for (const auto& [id, lines] : parts) {
    if (lines.size() == rows_.at(id).lines.size()) continue;
    auto row = take(id);
    if (lines.empty()) continue;
    row.lines = lines;
    row.body.clear();
    put(std::move(row));
  }
}

std::uint64_t Outbox::freeze_digest(const std::string& target, const std::vector<std::uint64_t>& ids,
                                    format::DigestStyle style, base::Now now) {
  const Told all = in_order(ids);
  if (all.small) style.max_body_bytes = kSmallBytes;
  auto digest = format::digest(all.lines, style, now);

  Post post{target, std::move(digest.message), {}, {}, {}};
  Parts left;
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    auto& of_row = left[all.rows[i]];
    (i < digest.told ? post.lines : of_row).push_back(*all.lines[i]);
  }
  leave(left);
  auto row = new_row(std::move(post), now);
  row.state = RowState::kSending;
  row.small = all.small;
  put(std::move(row));
  return last_id_;
}

// What five digests do not hold is told by a line a rule. How much one holds depends on the target's labels
// and on whom it calls.
void Outbox::keep_digests(const std::string& target, format::DigestStyle style, base::Now now) {
  std::vector<std::uint64_t> ids;
  for (const auto& [order, id] : queues_.at(target).pending)
    if (!rows_.at(id).lines.empty()) ids.push_back(id);
  const Told all = in_order(ids);
  if (all.small) style.max_body_bytes = kSmallBytes;
  std::size_t told = 0;
  for (std::size_t i = 0; i < kMostDigests && told < all.lines.size(); ++i)
    told += format::digest(std::span(all.lines).subspan(told), style, now).told;
  Parts left;
  std::vector<std::pair<base::Wall, format::DigestLine>> over;
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    auto& of_row = left[all.rows[i]];
    if (i < told || all.lines[i]->of_rule)
      of_row.push_back(*all.lines[i]);
    else
      over.emplace_back(rows_.at(all.rows[i]).created, *all.lines[i]);
  }
  leave(left);
  for (const auto& [created, line] : over) fold(target, created, line);
}

// Bounds what waits until keep_digests() knows better.
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
  for (const auto& line : row.lines) fold(row.target, row.created, line);
}

void Outbox::fold(const std::string& target, base::Wall created, const format::DigestLine& line) {
  const auto& by_rule = queues_.at(target).by_rule;
  const auto same = by_rule.find(line.rule);
  Row rules;
  if (same != by_rule.end()) {
    rules = take(same->second);
  } else {
    rules.id = ++last_id_;
    rules.target = target;
    rules.created = created;
    rules.lines.emplace_back();
    rules.lines.front().rule = line.rule;
    rules.lines.front().of_rule = true;
  }
  format::merge(rules.lines.front(), line);
  put(std::move(rules));
}

}  // namespace dingtail::deliver
