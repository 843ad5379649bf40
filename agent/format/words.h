// The agent's own words in messages, in each language. Not its log, whose words are base/log's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.h"
#include "config/config.h"

namespace dingtail::format {

// Those that say `n` hold a number.
enum class Word {
  kInfo,
  kWarning,
  kError,
  kCritical,
  kResolved,
  kTime,
  kRule,
  kFile,
  kRunbook,
  kStillFiring,  // n: hits so far
  kAfter,
  kInTotal,    // n: hits
  kMoreHits,   // n
  kMoreLines,  // n
  kMoreBytes,  // n
  kMore,       // n: labels, troubles
  kBytes,      // n
  kAlerts,     // n
  kCriticals,  // n
  kHits,       // n
  kEnded,      // n: alerts
  kMerged,
  kMergedMore,  // n: alerts that are told later
};

std::string say(Word word, config::Language language, std::uint64_t n = 0);
// What happened, for the agent's targets: "file cannot be read". The event's name where it is told to the log
// alone.
std::string say(base::Event event, config::Language language);
Word word_for(config::Severity severity);

inline constexpr std::string_view kResolvedEmoji = "✅";
std::string_view emoji_for(config::Severity severity);

// 1284 is "1,284".
std::string grouped(std::uint64_t number);

}  // namespace dingtail::format
