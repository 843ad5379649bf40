#include "observe/ledger.h"

#include <algorithm>

namespace dingtail::observe {

Ledger::Ledger(std::vector<tail::Loss> saved) {
  for (auto& loss : saved) add(std::move(loss));
}

void Ledger::add(tail::Loss loss) {
  total_bytes_ += loss.bytes;
  const auto [entry, fresh] = entries_.try_emplace({loss.path, loss.reason}, loss);
  if (!fresh) {
    entry->second.bytes += loss.bytes;
    entry->second.at = std::max(entry->second.at, loss.at);
  }
  if (entries_.size() <= kMostEntries) return;
  entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& each) { return each.second.at; }));
}

std::vector<tail::Loss> Ledger::newest_first() const {
  std::vector<tail::Loss> out;
  for (const auto& [key, loss] : entries_) out.push_back(loss);
  std::ranges::stable_sort(out, std::ranges::greater{}, &tail::Loss::at);
  return out;
}

}  // namespace dingtail::observe
