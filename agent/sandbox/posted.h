// The body of a request to the robot, read as DingTalk reads it: what the message says, and what is wrong
// with its form. Not who is allowed to send it (robot.h), not whether its mentions work (mention.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dingtail::sandbox {

struct At {
  std::vector<std::string> mobiles;
  std::vector<std::string> user_ids;
  bool all = false;
};

struct Posted {
  std::string msgtype;
  std::string title;  // of a feedCard: its first link's
  std::string text;   // of a text message its content, of a feedCard its links' titles, a line each
  At at;
  std::string msg_uuid;
};

struct Refusal {
  int errcode = 0;
  std::string errmsg;
};

struct Reading {
  bool is_json = false;              // a JSON object in UTF-8; if not, nothing else is said
  Posted posted;                     // as far as it could be read
  std::optional<Refusal> refusal;    // the first fault of the form that DingTalk has a code for
  std::vector<std::string> remarks;  // faults for which it documents none
};

Reading read_posted(std::string_view body);

}  // namespace dingtail::sandbox
