// A TOML document as plain values, each with its place. document.cpp is the only user of toml++.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/problem.h"

namespace dingtail::config {

struct Entry;
struct Node;
using Array = std::vector<Node>;
using Table = std::vector<Entry>;  // by key, ascending
struct Date {};                    // no key takes a TOML date; known only to be refused

struct Node {
  Place place;
  std::variant<std::string, std::int64_t, double, bool, Date, Array, Table> value;

  // "a string", "a table" …, for errors.
  [[nodiscard]] std::string_view kind() const;
};

struct Entry {
  std::string key;
  Place place;  // of the key
  Node node;
};

// The document's root table. Syntax errors are added to `problems`, all that can be told apart: after one,
// the statement it stands in is left out and the rest is read.
Node parse(const std::string& file, std::string_view text, Problems& problems);

}  // namespace dingtail::config
