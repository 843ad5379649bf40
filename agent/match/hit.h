// A record that a rule matched. Its strings are copies: a hit outlives the block it was found in.
#pragma once

#include <map>
#include <string>

#include "base/time.h"

namespace dingtail::match {

// Captures (and later parsed fields) by name. A capture that took no part in the match is absent.
using Fields = std::map<std::string, std::string, std::less<>>;

struct Hit {
  std::size_t rule = 0;  // index in Config::rules
  std::string source;
  std::string path;
  std::string record;  // valid UTF-8
  Fields fields;
  Fields labels;  // of its path, where the source has path_labels
};

}  // namespace dingtail::match
