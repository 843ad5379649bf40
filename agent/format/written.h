// A person's own words as one message to one target: Markdown as written, which may do all that Markdown can.
// Not for text from logs. Pure: same words, same message.
#pragma once

#include <string_view>

#include "format/markdown.h"
#include "format/message.h"

namespace dingtail::format {

// Its title is the first line that says anything. Keeps to style.max_body_bytes by cutting the end off, and
// says how much. Mentions nobody. REQUIRES: `words` is not blank.
Message written(std::string_view words, const Style& style);

}  // namespace dingtail::format
