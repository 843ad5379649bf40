#include "config/document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace dingtail::config {
namespace {

constexpr int kMostSyntaxErrors = 20;

Place place_of(const std::string& file, const toml::source_region& source) {
  return {file, source.begin.line, source.begin.column};
}

Node convert(const std::string& file, const toml::node& from);

Table convert_table(const std::string& file, const toml::table& from) {
  Table table;
  for (const auto& [key, value] : from)
    table.push_back({std::string(key.str()), place_of(file, key.source()), convert(file, value)});
  return table;
}

Array convert_array(const std::string& file, const toml::array& from) {
  Array array;
  for (const auto& value : from) array.push_back(convert(file, value));
  return array;
}

Node convert(const std::string& file, const toml::node& from) {
  Node node{place_of(file, from.source()), Date{}};
  if (const auto* table = from.as_table()) node.value = convert_table(file, *table);
  if (const auto* array = from.as_array()) node.value = convert_array(file, *array);
  if (const auto* text = from.as_string()) node.value = text->get();
  if (const auto* number = from.as_integer()) node.value = number->get();
  if (const auto* number = from.as_floating_point()) node.value = number->get();
  if (const auto* truth = from.as_boolean()) node.value = truth->get();
  return node;
}

// toml++ names the table it was in ("Error while parsing key-value pair: …"); the place says that better.
std::string plain_words(std::string_view description) {
  const auto colon = description.find(": ");
  if (description.starts_with("Error while parsing") && colon != std::string_view::npos)
    description.remove_prefix(colon + 2);
  return std::string(description);
}

bool begins_statement(std::string_view line) {
  const auto text = base::trim(line);
  if (text.empty() || text.front() == '#') return false;
  if (text.front() == '[') return true;
  const auto equals = text.find('=');
  constexpr std::string_view kKeyCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.\"' \t";
  return equals != std::string_view::npos &&
         text.substr(0, equals).find_first_not_of(kKeyCharacters) == std::string_view::npos;
}

// Blanks the statement that ends with the faulty line, keeping the line numbers of the rest. False where that
// could turn one mistake into many: a table's header, whose keys would fall to the table before.
bool leave_out(std::vector<std::string>& lines, std::uint32_t faulty) {
  if (faulty == 0 || faulty > lines.size()) return false;
  std::size_t first = faulty - 1;
  while (first > 0 && !begins_statement(lines[first])) --first;
  if (base::trim(lines[first]).starts_with('[')) return false;
  bool changed = false;
  for (std::size_t i = first; i < faulty; ++i) {
    changed = changed || !lines[i].empty();
    lines[i].clear();
  }
  return changed;
}

// Where the statement cannot be left out by itself: what stands above it is still read.
bool leave_out_rest(std::vector<std::string>& lines, std::uint32_t faulty) {
  if (faulty <= 1 || faulty > lines.size()) return false;
  lines.resize(faulty - 1);
  return true;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto line : base::split(text, '\n')) lines.emplace_back(line);
  return lines;
}

// A redefinition is reported behind its key; the key itself is what the operator looks for.
Place key_place(Place place, const std::vector<std::string>& lines) {
  if (place.line == 0 || place.line > lines.size()) return place;
  const auto first = lines[place.line - 1].find_first_not_of(" \t");
  if (first != std::string::npos) place.column = static_cast<std::uint32_t>(first + 1);
  return place;
}

// The rest of a line, and of the file, is read all the same.
void mend_utf8(const std::string& file, std::vector<std::string>& lines, Problems& problems) {
  int errors = 0;
  std::uint32_t number = 0;
  for (auto& line : lines) {
    ++number;
    if (base::is_utf8(line)) continue;
    auto mended = base::to_utf8(line);
    const auto good = std::string_view(mended).substr(
        0, static_cast<std::size_t>(
               std::mismatch(line.begin(), line.end(), mended.begin(), mended.end()).first - line.begin()));
    const auto before = std::count_if(good.begin(), good.end(),
                                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
    line = std::move(mended);
    if (errors++ < kMostSyntaxErrors)
      problems.error({file, number, static_cast<std::uint32_t>(before) + 1}, "this is not UTF-8",
                     "save the file in UTF-8: `iconv -t utf-8` converts it");
  }
}

void report(const std::string& file, const toml::parse_error& error, const std::vector<std::string>& lines,
            Problems& problems) {
  const std::string message = plain_words(error.description());
  const Place place = place_of(file, error.source());
  if (message.starts_with("cannot redefine"))
    problems.error(key_place(place, lines), message,
                   "each key may stand once in a table: remove one of the two");
  else
    problems.error(place, message, "this is not valid TOML: strings are quoted, patterns best in '…'");
}

}  // namespace

std::string_view Node::kind() const {
  static constexpr std::array<std::string_view, 7> kKinds = {
      "a string", "an integer", "a number", "true or false", "a date", "a list", "a table"};
  return kKinds.at(value.index());
}

Node parse(const std::string& file, std::string_view text, Problems& problems) {
  auto lines = lines_of(text);
  mend_utf8(file, lines, problems);
  for (int errors = 0; errors < kMostSyntaxErrors; ++errors) {
    try {
      return convert(file, toml::parse(std::string_view(base::join(lines, "\n")), std::string_view(file)));
    } catch (const toml::parse_error& error) {
      report(file, error, lines, problems);
      if (!leave_out(lines, error.source().begin.line) && !leave_out_rest(lines, error.source().begin.line))
        break;
    }
  }
  return {{file, 1, 1}, Table{}};
}

}  // namespace dingtail::config
