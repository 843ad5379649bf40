#include "match/line_start.h"

#include "match/pattern.h"

namespace dingtail::match {

std::vector<tail::Multiline::LineStarts> compile_line_starts(const std::vector<config::Source>& sources,
                                                             config::Problems& problems) {
  std::vector<tail::Multiline::LineStarts> starts;
  for (const auto& source : sources) {
    auto& start = starts.emplace_back();
    if (!source.multiline || source.multiline->start.value.empty()) continue;
    if (auto pattern = compile_pattern(source.multiline->start, problems))
      start = [pattern = std::move(pattern)](std::string_view line) { return matches(*pattern, line); };
  }
  return starts;
}

}  // namespace dingtail::match
