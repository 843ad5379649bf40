// A message as the body of DingTalk's webhook, and what the body says in a form that can be read back. The
// only JSON of this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/report.h"
#include "format/digest.h"
#include "format/message.h"

namespace dingtail::format {

// Raw UTF-8, valid whatever the message holds. `uuid` is the msgUuid: the same for each attempt of the same
// bytes.
std::string body_json(const Message& message, std::string_view uuid);

// The body of a message that the robot refused, with a keyword added and a new msgUuid; nothing where it
// holds one of the keywords already, or there are none.
std::optional<std::string> with_keyword(const std::string& body, const std::vector<std::string>& keywords,
                                        std::string_view uuid);

// What a later report of the same alert takes over from one whose message still waits (alert::joined): event,
// count, times and samples. The later one has all else.
std::string report_json(const alert::Report& report);
std::optional<alert::Report> parse_report(const std::string& json);  // nothing where it is none

// What a digest tells of a message.
std::string lines_json(const std::vector<DigestLine>& lines);
std::optional<std::vector<DigestLine>> parse_lines(const std::string& json);  // nothing where these are none

}  // namespace dingtail::format
