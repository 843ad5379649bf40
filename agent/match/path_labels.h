// Labels that a source takes from the paths of its files: the named captures of its `path_labels`.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "match/hit.h"
#include "match/pattern.h"

namespace dingtail::match {

class PathLabels {
 public:
  // A pattern that RE2 refuses, or that captures nothing by name, is a problem at its place.
  static PathLabels compile(const std::vector<config::Source>& sources, config::Problems& problems);

  // The labels of a file of that source; none where its pattern does not match the path. Made anew at each
  // call: hits are rare.
  [[nodiscard]] Fields of(std::string_view source, std::string_view path) const;

  // Every name that a source of the rule may give. Nothing where the rule names a source that is not there:
  // then it may be any name.
  [[nodiscard]] std::optional<std::set<std::string>> names(const config::Rule& rule) const;

 private:
  std::map<std::string, Pattern, std::less<>> patterns_;  // by the source's name; null where it has none
};

}  // namespace dingtail::match
