#include "match/pattern.h"

#include <re2/re2.h>

#include <string>
#include <vector>

namespace dingtail::match {
namespace {

// A pattern whose program is larger (RE2 instructions, such as (a{1,99}){1,99}) would slow every record.
constexpr int kMostInstructions = 20'000;

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Pattern compile_pattern(const config::Located<std::string>& pattern, config::Problems& problems) {
  RE2::Options options;
  options.set_log_errors(false);
  auto re = std::make_shared<const RE2>(pattern.value, options);
  if (!re->ok()) {
    problems.error(pattern.place,
                   "bad pattern: " + re->error() + (re->error_arg().empty() ? "" : ": " + re->error_arg()),
                   "the dialect is RE2's: no look-around and no back-references");
    return nullptr;
  }
  if (re->ProgramSize() > kMostInstructions) {
    problems.error(pattern.place,
                   "this pattern is too costly: " + std::to_string(re->ProgramSize()) + " instructions, " +
                       std::to_string(kMostInstructions) + " are the limit",
                   "lower its counted repetitions, such as {1,1000}");
    return nullptr;
  }
  return re;
}

bool matches(const RE2& pattern, std::string_view text) {
  return RE2::PartialMatch(piece(text), pattern);
}

Fields captures_of(const RE2& pattern, std::string_view text) {
  const auto& names = pattern.CapturingGroupNames();
  Fields fields;
  if (names.empty()) return fields;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(pattern.NumberOfCapturingGroups()) + 1);
  if (!pattern.Match(piece(text), 0, text.size(), RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size())))
    return fields;
  for (const auto& [index, name] : names) {
    const auto& group = groups[static_cast<std::size_t>(index)];
    if (group.data() != nullptr) fields[name] = group.as_string();
  }
  return fields;
}

}  // namespace dingtail::match
