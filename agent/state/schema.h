// The text of schema.sql, embedded at build time.
#pragma once

#include <string_view>

namespace dingtail::state {

extern const std::string_view kSchema;

}  // namespace dingtail::state
