// What similar records have in common, so that a message shows them as one line with a count. The idea is
// Drain's: records of as many words are of one template where most of those words are the same; where they
// are not, it has a wildcard (P. He, J. Zhu, Z. Zheng, M. R. Lyu: Drain: An Online Log Parsing Approach with
// Fixed Depth Tree, ICWS 2017). Its tree is left out: it finds one of many templates, and an alert has few.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dingtail::alert {

// Longer ones are not compared, and of a record no more is kept.
constexpr std::size_t kMostFoldedBytes = 16UL * 1024;

// The template of two records, or of a template and a record: "<num>" where only a number differs, "<*>"
// where a word does. Nothing where they are not similar, or too long to be compared at each hit.
std::optional<std::string> folded(std::string_view known, std::string_view record);

}  // namespace dingtail::alert
