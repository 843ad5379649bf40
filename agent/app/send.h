// A person's own message to one target, as `send` has it.
#pragma once

#include <string>

#include "config/config.h"
#include "deliver/judge.h"
#include "format/message.h"
#include "observe/control.h"

namespace dingtail::app {

// Null where there is none of that name.
const config::Target* target_of(const config::Config& config, const std::string& name);

// The operator's own words to that target; without any, that it can be reached.
format::Message message_of(const std::string& text, const config::Target& target);

// What that robot, by name, said to it, for whoever sent it.
observe::Reply reply_of(const deliver::Judgement& judgement, const std::string& robot);

// What is said of one that was on its way when the agent ended, and is in the state.
observe::Reply reply_of_kept();

}  // namespace dingtail::app
