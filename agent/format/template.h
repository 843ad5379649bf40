// Text with ${variables}, as rules have it for `summary` and `title`. Compiled once, where every mistake is
// told with its place; rendering cannot fail. Its own text enters a message as it is; what the variables hold
// is escaped. Knows the names of variables, not where their values come from.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace dingtail::format {

// The names that exist beside the variables every rule has.
struct Names {
  std::set<std::string, std::less<>> captures;
  std::set<std::string, std::less<>> labels;
  bool more_labels = false;  // there may be others: an unknown one is a warning
};

// The value of a variable by its name as written: "count", "src", "labels.env", "env:HOME". Nothing or an
// empty value gives way to the default.
using Values = std::function<std::optional<std::string>(std::string_view name)>;

enum class Escape { kMarkdown, kPlain };

class Template {
 public:
  static Template compile(const config::Located<std::string>& text, const Names& known,
                          config::Problems& problems);

  [[nodiscard]] std::string render(const Values& values, Escape escape) const;
  [[nodiscard]] bool uses(std::string_view name) const;

 private:
  struct Piece {
    std::string name;  // empty: the template's own text
    std::string text;  // that text, or the variable's default
  };
  std::vector<Piece> pieces_;
};

}  // namespace dingtail::format
