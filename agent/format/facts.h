// What a message says of one alert, thing by thing, before any layout: short plain text (format::brief, and
// format::foreign of what logs say) without newlines or control characters. Only the room's own layouts use
// it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "alert/report.h"
#include "base/time.h"
#include "format/rule_text.h"

namespace dingtail::format {

struct Facts {
  std::string summary;
  std::string summary_markdown;  // the same with the template's own Markdown, values escaped
  std::string count;             // " ×3"; empty where there is nothing to add to the summary
  std::string count_if_cut;  // the same for a summary that is cut: what its template says of it may be gone
  std::string title;         // as the rule has it, cut to kTitleCharacters; may be empty
  std::string host;
  std::vector<std::string> labels;  // values of the others, those aside that the summary shows
  std::string time;
  std::string rule;
  std::string file;
};

Facts facts(const alert::Report& report, const RuleText& text, config::Language language, base::Now now);

// The summary, or what is left of it when cut, with its count: the length of a value, which whoever writes
// the log may choose, never costs the count.
std::string counted(const Facts& said, const std::string& summary);

// "10:31:02–10:31:40 +08:00", with the date where it is not today's.
std::string time_range(base::Wall first, base::Wall last, base::Now now);

// " ×3" from two on.
std::string times(std::uint64_t count);

// How long the alert has lasted by its hits, in whole seconds.
std::string duration(const alert::Report& report);

// The first lines of a record, at most `most`, each of about `bytes` bytes at most; blank ones are left out.
struct Lines {
  std::vector<std::string> first;
  std::size_t more = 0;
};
Lines lines(std::string_view record, std::size_t most, std::size_t bytes);

}  // namespace dingtail::format
