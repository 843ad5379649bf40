// A report as a message: Markdown that DingTalk's clients render on phone and desktop, the same for a
// terminal, and who is called. Foreign text in it is inert (escape.h). Pure: same report, same message.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "alert/report.h"
#include "base/time.h"
#include "config/config.h"
#include "format/message.h"
#include "format/rule_text.h"

namespace dingtail::format {

// What a target asks of its messages.
struct Style {
  config::Language language = config::Language::kEnglish;
  std::vector<std::string> keywords;    // the message will hold one of them
  config::Mention mention;              // already chosen among route, rule and target
  std::size_t max_body_bytes = 20'000;  // of body_json() with a msgUuid of up to 64 bytes
};

// Keeps to max_body_bytes whatever the logs hold (with at least 20,000, and mentions of up to 64 bytes each)
// by leaving out samples first, then labels, and saying so; heading, counts and mentions always stay.
Message message(const alert::Report& report, const RuleText& text, const Style& style, base::Now now);

}  // namespace dingtail::format
