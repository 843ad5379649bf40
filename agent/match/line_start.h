// What begins a record of several lines, where a source says so by a pattern of its own: `multiline.start`.
#pragma once

#include <vector>

#include "config/config.h"
#include "tail/multiline.h"

namespace dingtail::match {

// By the source's index; empty where the source has no `multiline.start`. Each owns what it needs: it
// outlives a reload. A pattern that RE2 refuses is a problem at its place.
std::vector<tail::Multiline::LineStarts> compile_line_starts(const std::vector<config::Source>& sources,
                                                             config::Problems& problems);

}  // namespace dingtail::match
