// What the configuration keeps out of all that is made of a record: [[redact]]. It acts on hits, before
// anything is stored, grouped or sent; rules match records as they were written. The configuration's own
// words (labels, mentions) are none of its business.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "match/hit.h"

namespace dingtail::match {

class Redaction {
 public:
  // A pattern that RE2 refuses, that matches nothing at all, or whose `replace` names a group that it lacks,
  // is a problem at its place.
  static Redaction compile(const std::vector<config::Redact>& redacts, config::Problems& problems);

  // Redacts the record and the path, and what was taken of them: a capture or label that they do not show any
  // more is redacted too, and "***" where it alone does not tell what it is.
  void apply(Hit& hit) const;

  [[nodiscard]] std::string redacted(std::string text) const;

 private:
  using Step = std::function<void(std::string& text)>;

  void apply_to(Fields& parts, const std::string& whole) const;

  std::vector<Step> steps_;
};

}  // namespace dingtail::match
