// A formatted message, ready for any kind of target.
#pragma once

#include <string>
#include <vector>

namespace dingtail::format {

// Who is called. Both halves are needed (the `at` object and the literal token in the text): message() writes
// the tokens, json.h the object.
struct At {
  std::vector<std::string> mobiles;
  std::vector<std::string> user_ids;
  bool all = false;

  bool operator==(const At&) const = default;
};

struct Message {
  std::string title;  // the conversation list's line: plain text
  std::string text;   // Markdown as DingTalk's clients render it, mention tokens included
  std::string plain;  // the same for a terminal: no Markdown, no control characters
  At at;
};

}  // namespace dingtail::format
