// A message as the body of DingTalk's webhook. The only JSON of this room.
#pragma once

#include <string>
#include <string_view>

#include "format/message.h"

namespace dingtail::format {

// Raw UTF-8, valid whatever the message holds. `uuid` is the msgUuid: the same for each attempt of the same
// bytes.
std::string body_json(const Message& message, std::string_view uuid);

}  // namespace dingtail::format
