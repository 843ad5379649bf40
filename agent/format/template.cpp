#include "format/template.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "format/escape.h"

namespace dingtail::format {
namespace {

constexpr std::array<std::string_view, 16> kVariables = {
    "rule", "severity", "event",  "count", "total", "first",   "last",    "duration",
    "host", "path",     "source", "line",  "id",    "samples", "context", "runbook"};
constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kLabels = "labels.";
constexpr std::string_view kEnvironment = "env:";

bool is_variable(std::string_view name) {
  return std::ranges::find(kVariables, name) != kVariables.end();
}

bool exists(std::string_view name, const Names& known) {
  if (name.starts_with(kEnvironment)) return name.size() > kEnvironment.size();
  if (name.starts_with(kLabels)) return known.labels.contains(name.substr(kLabels.size()));
  return is_variable(name) || known.captures.contains(name);
}

std::string hint_for(std::string_view name, const Names& known) {
  std::vector<std::string> labels;
  for (const auto& label : known.labels) labels.push_back(std::string(kLabels) + label);
  std::vector<std::string_view> candidates(kVariables.begin(), kVariables.end());
  candidates.insert(candidates.end(), known.captures.begin(), known.captures.end());
  candidates.insert(candidates.end(), labels.begin(), labels.end());
  if (const auto near = base::nearest(name, candidates)) return "did you mean ${" + std::string(*near) + "}?";
  if (known.captures.empty()) return "the rule's patterns have no named captures";
  const std::vector<std::string> captures(known.captures.begin(), known.captures.end());
  return "the rule's captures are " + base::join(captures, ", ");
}

// The place of `offset` in a text whose own place is its opening quote. Of a text of several lines only that
// is known.
config::Place place_at(const config::Located<std::string>& text, std::size_t offset) {
  config::Place place = text.place;
  if (text.value.find('\n') != std::string::npos) return place;
  const auto before = std::string_view(text.value).substr(0, offset);
  const auto characters =
      std::ranges::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
  place.column += 1 + static_cast<std::uint32_t>(characters);
  return place;
}

void check(std::string_view name, const config::Place& place, const Names& known,
           config::Problems& problems) {
  const std::string written = "${" + std::string(name) + "}";
  if (!exists(name, known)) {
    if (known.more_labels && name.starts_with(kLabels))
      problems.warning(place, "unknown variable " + written,
                       "right if `path_labels` of the rule's source, which is not here, names it");
    else
      problems.error(place, "unknown variable " + written, hint_for(name, known));
  } else if (is_variable(name) && known.captures.contains(name)) {
    problems.warning(place, written + " is dingtail's own variable and hides the rule's capture of that name",
                     "give the capture another name");
  }
}

}  // namespace

Template Template::compile(const config::Located<std::string>& text, const Names& known,
                           config::Problems& problems) {
  const std::string_view source = text.value;
  Template out;
  for (std::size_t at = 0; at < source.size();) {
    const auto dollar = std::min(source.find('$', at), source.size());
    out.pieces_.push_back({{}, std::string(source.substr(at, dollar - at))});
    const auto two = source.substr(dollar, 2);
    at = dollar + two.size();
    if (two != "${") {
      out.pieces_.push_back({{}, std::string(two == "$$" ? "$" : two)});
      continue;
    }
    const auto close = source.find('}', at);
    if (close == kNone || source.find("${", at) < close) {
      problems.error(place_at(text, dollar), "unclosed ${", "write ${name}, or $$ for a dollar sign");
      continue;
    }
    const auto inside = source.substr(at, close - at);
    const auto mark = inside.find(":-");
    const auto name = inside.substr(0, mark);
    check(name, place_at(text, at), known, problems);
    out.pieces_.push_back({std::string(name), std::string(mark == kNone ? "" : inside.substr(mark + 2))});
    at = close + 1;
  }
  return out;
}

std::string Template::render(const Values& values, Escape escape) const {
  std::string out;
  bool foreign = false;  // what `out` ends in
  for (const auto& [name, text] : pieces_) {
    const auto value = name.empty() ? std::nullopt : values(name);
    if (!value || value->empty()) {
      if (foreign) part_link(out, text);
      out += text;
      foreign = foreign && text.empty();
    } else if (escape == Escape::kPlain) {
      out += plain(*value);
    } else {
      append_markdown(out, *value);
      foreign = true;
    }
  }
  return out;
}

bool Template::uses(std::string_view name) const {
  return std::ranges::any_of(pieces_, [&](const Piece& piece) { return piece.name == name; });
}

}  // namespace dingtail::format
