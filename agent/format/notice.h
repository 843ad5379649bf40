// The agent's own troubles as one message to one target: when, what, and of which file, target or place. It
// mentions nobody. Foreign text in it is inert (escape.h). Pure: same troubles, same message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "format/markdown.h"
#include "format/message.h"

namespace dingtail::format {

struct Trouble {
  base::Event event;
  std::string subject;               // a path, a target; may be empty
  std::vector<std::string> details;  // the first few different ones
  std::size_t more_details = 0;
  std::uint64_t bytes = 0;  // of lost records
  base::Wall first{};
  base::Wall last{};

  bool operator==(const Trouble&) const = default;
};

// REQUIRES: troubles is not empty, and those of one event stand together. Keeps to style.max_body_bytes: all
// are counted, as many shown as a phone can bear.
Message notice(const std::vector<Trouble>& troubles, std::string_view host, const Style& style,
               base::Now now);

}  // namespace dingtail::format
