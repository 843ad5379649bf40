// How a received message is shown: to people at a terminal, and to programs.
#pragma once

#include <string>

#include "sandbox/received.h"

namespace dingtail::sandbox {

enum class Style { kPlain, kColour };

// A line with time, outcome and checks; below it, if the group sees the message, title, text and who is
// mentioned; if not, its title. Ends with a newline. Nothing in a message can steer the terminal.
std::string show(const Received& received, Style style);

// One JSON object in one line, without the newline:
// {"time","accepted","errcode","errmsg","http_status","repeat","checks":[{"name","passed","detail"}],
//  "msgtype","title","text","at":{"mobiles","user_ids","all"},"msg_uuid","body_bytes"}
std::string to_json(const Received& received);

}  // namespace dingtail::sandbox
