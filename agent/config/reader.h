// Typed reading of one TOML table. Every fault becomes a Problem at its place and the reading goes on; every
// key that nobody asked for is reported, by name where it is of the contract but not built yet.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "config/config.h"
#include "config/document.h"

namespace dingtail::config {

enum class UnsetSecret { kError, kWarning };

// What the reading of all tables shares.
struct Reading {
  Problems problems;
  UnsetSecret unset_secret = UnsetSecret::kError;
  // By a file's name in places, what its relative paths begin from: for a candidate, the directory of the
  // file that it replaces. A pack has none.
  std::map<std::string, std::filesystem::path> directories;
};

// The words a key may hold, with what each stands for.
template <class T>
using Words = std::vector<std::pair<std::string_view, T>>;

class TableReader {
 public:
  // `what` names the table in errors: "[[rule]]". The node must be a table and outlive the reader.
  TableReader(const Node& table, std::string what, Reading& reading);

  // The key's value; null where absent. The key counts as known from now on.
  const Node* find(std::string_view key);
  // As find, but absent is an error at the table's place.
  const Node* require(std::string_view key);

  // Secrets are expanded; where one is unset (that is told), there is no value.
  std::optional<Located<std::string>> string(std::string_view key);
  std::string name();  // the required key `name`, which may not be empty
  std::optional<Located<std::string>> literal(std::string_view key);  // patterns, templates: as written
  std::vector<Located<std::string>> strings(std::string_view key);    // one string or a list, expanded
  std::vector<Located<std::string>> literals(std::string_view key);   // the same as written
  std::vector<std::string> values(std::string_view key);              // strings() without places
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
  std::optional<bool> boolean(std::string_view key);
  std::optional<base::Millis> duration(std::string_view key);
  std::optional<std::uint64_t> size(std::string_view key);
  std::map<std::string, std::string> string_table(std::string_view key);
  std::vector<const Node*> tables(std::string_view key);  // the elements of [[key]]
  const Node* table(std::string_view key);

  // The value that goes with the key's word; a word that is none of them is an error with all of them.
  template <class T>
  std::optional<T> one_of(std::string_view key, const Words<T>& words) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : words) names.push_back(name);
    const auto index = word_index(string(key), names);
    if (!index) return std::nullopt;
    return (words.begin() + *index)->second;
  }
  // As one_of, for a list.
  template <class T>
  std::optional<std::vector<T>> some_of(std::string_view key, const Words<T>& words) {
    if (find(key) == nullptr) return std::nullopt;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : words) names.push_back(name);
    std::vector<T> out;
    for (const auto& word : strings(key))
      if (const auto index = word_index(word, names)) out.push_back((words.begin() + *index)->second);
    return out;
  }

  // Reports every key that was not asked for. `later`: keys of the contract that a later version brings.
  void finish(std::initializer_list<std::string_view> later = {});

  [[nodiscard]] const Place& place() const { return node_.place; }
  [[nodiscard]] Reading& reading() { return reading_; }
  [[nodiscard]] std::filesystem::path directory() const;
  void wrong_kind(const Node& node, std::string_view key, std::string_view wanted);

 private:
  std::optional<Located<std::string>> text_of(const Node& node, std::string_view key);
  std::optional<Located<std::string>> expanded(Located<std::string> text, std::string_view key);
  std::optional<std::ptrdiff_t> word_index(const std::optional<Located<std::string>>& word,
                                           std::span<const std::string_view> names);

  const Node& node_;
  const Table& table_;
  std::string what_;
  Reading& reading_;
  std::vector<std::string_view> asked_;
};

}  // namespace dingtail::config
