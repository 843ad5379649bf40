// One RE2 pattern as an operator wrote it. Internal to match/, whose .cpp files alone use RE2.
#pragma once

#include <memory>
#include <string_view>

#include "config/config.h"
#include "match/hit.h"

namespace re2 {
class RE2;
}

namespace dingtail::match {

// Safe to share: matching changes nothing that is seen.
using Pattern = std::shared_ptr<const re2::RE2>;

// Null, and a problem at its place, where RE2 refuses the pattern or it would cost too much.
Pattern compile_pattern(const config::Located<std::string>& pattern, config::Problems& problems);

bool matches(const re2::RE2& pattern, std::string_view text);

// The named captures of the first match, those that took part in it; none where the pattern does not match.
Fields captures_of(const re2::RE2& pattern, std::string_view text);

}  // namespace dingtail::match
