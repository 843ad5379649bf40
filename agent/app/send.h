// A person's own message to one target, as `send` has it.
#pragma once

#include <string>

#include "deliver/judge.h"
#include "format/message.h"
#include "observe/control.h"

namespace dingtail::app {

// The operator's own words: Markdown as written, the first line as the conversation list's.
format::Message message_of(const std::string& text);

// What the robot said to it, for whoever sent it.
observe::Reply reply_of(const deliver::Judgement& judgement);

}  // namespace dingtail::app
