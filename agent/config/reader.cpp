#include "config/reader.h"

#include <algorithm>

#include "base/text.h"
#include "config/secrets.h"

namespace dingtail::config {
namespace {

std::string quoted_list(std::span<const std::string_view> names) {
  std::string out;
  for (const auto name : names) out += (out.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  return out;
}

}  // namespace

TableReader::TableReader(const Node& table, std::string what, Reading& reading)
    : node_(table), table_(std::get<Table>(table.value)), what_(std::move(what)), reading_(reading) {}

std::filesystem::path TableReader::directory() const {
  const auto found = reading_.directories.find(node_.place.file);
  return found == reading_.directories.end() ? std::filesystem::path() : found->second;
}

const Node* TableReader::find(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.push_back(key);
  for (const auto& entry : table_)
    if (entry.key == key) return &entry.node;
  return nullptr;
}

const Node* TableReader::require(std::string_view key) {
  const Node* node = find(key);
  if (node == nullptr)
    reading_.problems.error(place(), what_ + " has no `" + std::string(key) + "`",
                            "add `" + std::string(key) + " = …` to it");
  return node;
}

void TableReader::wrong_kind(const Node& node, std::string_view key, std::string_view wanted) {
  reading_.problems.error(node.place, "`" + std::string(key) + "` in " + what_ + " must be " +
                                          std::string(wanted) + ", not " + std::string(node.kind()));
}

std::optional<Located<std::string>> TableReader::text_of(const Node& node, std::string_view key) {
  if (const auto* text = std::get_if<std::string>(&node.value))
    return Located<std::string>{*text, node.place};
  wrong_kind(node, key, "a string");
  return std::nullopt;
}

std::optional<Located<std::string>> TableReader::expanded(Located<std::string> text, std::string_view key) {
  auto result = expand(text.value, directory());
  for (const auto& unset : result.unset) {
    const std::string message = "`" + std::string(key) + "` in " + what_ + ": " + unset;
    if (reading_.unset_secret == UnsetSecret::kError)
      reading_.problems.error(text.place, message, "set it, or correct its name");
    else
      reading_.problems.warning(text.place, message, "the agent will not start without it");
  }
  if (!result.wrong.empty())
    reading_.problems.error(text.place, "`" + std::string(key) + "` in " + what_ + ": " + result.wrong,
                            result.hint);
  if (!result.unset.empty() || !result.wrong.empty()) return std::nullopt;
  text.value = std::move(result.text);
  return text;
}

std::string TableReader::name() {
  if (require("name") == nullptr) return {};
  const auto name = string("name");
  if (name && base::trim(name->value).empty())
    reading_.problems.error(name->place, "`name` in " + what_ + " is empty",
                            "a name tells it from the others");
  return name ? name->value : std::string();
}

std::optional<Located<std::string>> TableReader::literal(std::string_view key) {
  const Node* node = find(key);
  return node == nullptr ? std::nullopt : text_of(*node, key);
}

std::optional<Located<std::string>> TableReader::string(std::string_view key) {
  auto text = literal(key);
  return text ? expanded(std::move(*text), key) : std::nullopt;
}

std::vector<Located<std::string>> TableReader::literals(std::string_view key) {
  std::vector<Located<std::string>> out;
  const Node* node = find(key);
  if (node == nullptr) return out;
  const auto add = [&](const Node& item) {
    if (auto text = text_of(item, key)) out.push_back(std::move(*text));
  };
  if (const auto* array = std::get_if<Array>(&node->value))
    std::for_each(array->begin(), array->end(), add);
  else if (std::holds_alternative<std::string>(node->value))
    add(*node);
  else
    wrong_kind(*node, key, "a string or a list of strings");
  return out;
}

std::vector<Located<std::string>> TableReader::strings(std::string_view key) {
  std::vector<Located<std::string>> out;
  for (auto& text : literals(key))
    if (auto value = expanded(std::move(text), key)) out.push_back(std::move(*value));
  return out;
}

std::vector<std::string> TableReader::values(std::string_view key) {
  std::vector<std::string> out;
  for (auto& text : strings(key)) out.push_back(std::move(text.value));
  return out;
}

std::optional<std::int64_t> TableReader::integer(std::string_view key, std::int64_t least,
                                                 std::int64_t most) {
  const Node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* number = std::get_if<std::int64_t>(&node->value);
  if (number == nullptr) {
    wrong_kind(*node, key, "an integer");
    return std::nullopt;
  }
  if (*number >= least && *number <= most) return *number;
  reading_.problems.error(node->place, "`" + std::string(key) + "` in " + what_ + " must lie between " +
                                           std::to_string(least) + " and " + std::to_string(most));
  return std::nullopt;
}

std::optional<bool> TableReader::boolean(std::string_view key) {
  const Node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* truth = std::get_if<bool>(&node->value)) return *truth;
  wrong_kind(*node, key, "true or false");
  return std::nullopt;
}

std::optional<base::Millis> TableReader::duration(std::string_view key) {
  const auto text = string(key);
  if (!text) return std::nullopt;
  auto value = base::parse_duration(text->value);
  if (!value)
    reading_.problems.error(text->place,
                            "`" + std::string(key) + "`: \"" + text->value + "\" is not a duration",
                            "write 500ms, 10s, 5m, 2h or 7d");
  return value;
}

std::optional<std::uint64_t> TableReader::size(std::string_view key) {
  const auto text = string(key);
  if (!text) return std::nullopt;
  auto value = base::parse_size(text->value);
  if (!value)
    reading_.problems.error(text->place, "`" + std::string(key) + "`: \"" + text->value + "\" is not a size",
                            "write 64KiB, 20MiB or 1GiB");
  return value;
}

const Node* TableReader::table(std::string_view key) {
  const Node* node = find(key);
  if (node == nullptr || std::holds_alternative<Table>(node->value)) return node;
  wrong_kind(*node, key, "a table");
  return nullptr;
}

std::map<std::string, std::string> TableReader::string_table(std::string_view key) {
  std::map<std::string, std::string> out;
  const Node* node = table(key);
  if (node == nullptr) return out;
  for (const auto& entry : std::get<Table>(node->value)) {
    auto text = text_of(entry.node, entry.key);
    if (text) text = expanded(std::move(*text), entry.key);
    if (text) out[entry.key] = std::move(text->value);
  }
  return out;
}

std::vector<const Node*> TableReader::tables(std::string_view key) {
  std::vector<const Node*> out;
  const Node* node = find(key);
  if (node == nullptr) return out;
  const auto* array = std::get_if<Array>(&node->value);
  if (array == nullptr) {
    reading_.problems.error(node->place, "`" + std::string(key) + "` must be a list of tables",
                            "write [[" + std::string(key) + "]], with two brackets");
    return out;
  }
  for (const auto& item : *array) {
    if (std::holds_alternative<Table>(item.value))
      out.push_back(&item);
    else
      wrong_kind(item, key, "a table");
  }
  return out;
}

std::optional<std::ptrdiff_t> TableReader::word_index(const std::optional<Located<std::string>>& word,
                                                      std::span<const std::string_view> names) {
  if (!word) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), word->value);
  if (found != names.end()) return found - names.begin();
  const auto meant = base::nearest(word->value, names);
  reading_.problems.error(word->place, "\"" + word->value + "\" is not one of " + quoted_list(names),
                          meant ? "did you mean \"" + std::string(*meant) + "\"?" : "");
  return std::nullopt;
}

void TableReader::finish(std::initializer_list<std::string_view> later) {
  for (const auto& entry : table_) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) continue;
    if (std::find(later.begin(), later.end(), entry.key) != later.end()) {
      reading_.problems.error(entry.place, "`" + entry.key + "` in " + what_ + " is not built yet",
                              "remove it: this version of dingtail would not honour it");
      continue;
    }
    const auto meant = base::nearest(entry.key, asked_);
    reading_.problems.error(
        entry.place, "unknown key `" + entry.key + "` in " + what_,
        meant ? "did you mean `" + std::string(*meant) + "`?" : "known here: " + quoted_list(asked_));
  }
}

}  // namespace dingtail::config
