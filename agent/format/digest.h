// Many messages as one, for a target whose messages wait: a line an alert, and where there are too many even
// for that, a line a rule. Its counts are exact, whatever is merged. Foreign text in it is inert (escape.h).
// Pure: same lines, same digest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "alert/report.h"
#include "base/time.h"
#include "config/config.h"
#include "format/message.h"
#include "format/rule_text.h"

namespace dingtail::format {

// What a digest says of one message, or of all that were merged to their rule's line.
struct DigestLine {
  std::string rule;
  std::string text;  // what happened, with its count: plain, one line; empty: told by the rule's name
  config::Severity severity = config::Severity::kWarning;
  config::EventKind event = config::EventKind::kFiring;  // of one message
  std::uint64_t alerts = 0;
  std::uint64_t resolved = 0;  // alerts that ended
  std::uint64_t hits = 0;
  base::Wall first{};
  base::Wall last{};
  At people;
  bool of_rule = false;  // a line a rule

  bool operator==(const DigestLine&) const = default;
};

DigestLine digest_line(const alert::Report& report, const RuleText& text, config::Language language,
                       const config::Mention& mention, base::Now now);

// Makes `line` part of its rule's. REQUIRES: `rules`.of_rule, and the same rule.
void merge(DigestLine& rules, const DigestLine& line);

// Where among others a line is told: alerts before rules, critical first, resolved ones last.
int order_of(const DigestLine& line);

// What an alert's line takes of a body; and more than any body has for lines.
std::size_t cost(const DigestLine& line);
inline constexpr std::size_t kDigestLinesBytes = 20'000;

struct DigestStyle {
  config::Language language = config::Language::kEnglish;
  std::vector<std::string> keywords;    // the digest will hold one of them
  std::vector<std::string> labels;      // the host, and the values of the labels that all alerts have
  std::size_t max_body_bytes = 20'000;  // of body_json() with a msgUuid of up to 64 bytes
};

struct Digest {
  Message message;       // without its form for a terminal
  std::size_t told = 0;  // so many of the lines, from the first; at least one
};

// REQUIRES: at least one line, in the order of order_of(), and a max_body_bytes of at least 10,000.
Digest digest(std::span<const DigestLine* const> lines, const DigestStyle& style, base::Now now);

}  // namespace dingtail::format
