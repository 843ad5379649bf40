// Finds the records that rules match. RE2 has the last word on every record, so there is one dialect: RE2's
// (UTF-8, a search, one line: ^ and $ are the record's ends).
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "match/hit.h"
#include "tail/block.h"

namespace dingtail::match {

class Matcher {
 public:
  using OnHit = std::function<void(Hit)>;

  // Compiles all patterns; each that RE2 refuses, or that would cost too much, is a problem at its place.
  static Matcher compile(const std::vector<config::Rule>& rules, config::Problems& problems);

  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;
  ~Matcher();

  // Calls on_hit for each rule that matches a record, records in order, rules in theirs. RE2 relies on it
  // that the block is valid UTF-8. Allocates nothing for records that no rule matches.
  void match(const tail::Block& block, const OnHit& on_hit);

  // The names of the rule's captures.
  [[nodiscard]] const std::set<std::string>& captures(std::size_t rule) const;

 private:
  struct Impl;
  explicit Matcher(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace dingtail::match
