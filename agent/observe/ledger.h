// The loss ledger in memory: what was written to followed files and could not be matched, one entry a path
// and reason. state/ keeps the same entries over restarts; this is what `status` shows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tail/loss.h"

namespace dingtail::observe {

class Ledger {
 public:
  static constexpr std::size_t kMostEntries = 1000;

  // `saved` is what the last run left.
  explicit Ledger(std::vector<tail::Loss> saved = {});

  // Adds to the entry of its path and reason. Beyond kMostEntries the one whose last loss is oldest is let
  // go.
  void add(tail::Loss loss);

  [[nodiscard]] std::vector<tail::Loss> newest_first() const;
  // Of all that was added, entries let go included.
  [[nodiscard]] std::uint64_t total_bytes() const { return total_bytes_; }

 private:
  std::map<std::pair<std::string, std::string>, tail::Loss> entries_;  // by path and reason
  std::uint64_t total_bytes_ = 0;
};

}  // namespace dingtail::observe
