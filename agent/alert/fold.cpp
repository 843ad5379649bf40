#include "alert/fold.h"

#include <algorithm>

namespace dingtail::alert {
namespace {

constexpr std::size_t kMostBytes = 16UL * 1024;
constexpr std::size_t kSimilarPercent = 60;  // of the words, numbers aside, are the same
constexpr std::string_view kNumber = "<num>";
constexpr std::string_view kWord = "<*>";
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view take(std::string_view& from, std::size_t bytes) {
  const auto out = from.substr(0, bytes);
  from.remove_prefix(out.size());
  return out;
}

struct Word {
  std::string_view gap;   // the blanks before it
  std::string_view text;  // empty: there is none any more
};

Word take_word(std::string_view& from) {
  const auto gap = take(from, from.find_first_not_of(kBlanks));
  return {gap, take(from, from.find_first_of(kBlanks))};
}

std::ptrdiff_t newlines(std::string_view gap) {
  return std::count(gap.begin(), gap.end(), '\n');
}

// The number that `word` begins with, of digits or a template's; empty where it begins with none.
std::string_view take_number(std::string_view& word) {
  if (word.starts_with(kNumber)) return take(word, kNumber.size());
  return take(word, std::min(word.find_first_not_of("0123456789"), word.size()));
}

// The word that both are but for their numbers; nothing where they are not.
std::optional<std::string> same_word(std::string_view a, std::string_view b) {
  if (a == kWord || b == kWord) return std::nullopt;
  std::string out;
  while (!a.empty() && !b.empty()) {
    const auto number = take_number(a);
    const auto other = take_number(b);
    if (number.empty() != other.empty()) return std::nullopt;
    if (!number.empty()) {
      out += number == other ? number : kNumber;
    } else if (a.front() == b.front()) {
      out += take(a, 1);
      b.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  }
  return a.empty() && b.empty() ? std::optional(out) : std::nullopt;
}

}  // namespace

std::optional<std::string> folded(std::string_view known, std::string_view record) {
  if (known.size() > kMostBytes || record.size() > kMostBytes) return std::nullopt;
  std::string out;
  std::size_t words = 0;
  std::size_t same = 0;
  while (true) {
    const Word left = take_word(known);
    const Word right = take_word(record);
    if (newlines(left.gap) != newlines(right.gap) || left.text.empty() != right.text.empty())
      return std::nullopt;
    out += left.gap;
    if (left.text.empty()) break;
    const auto word = same_word(left.text, right.text);
    out += word ? *word : kWord;
    ++words;
    same += word ? 1 : 0;
  }
  return same * 100 >= words * kSimilarPercent ? std::optional(out) : std::nullopt;
}

}  // namespace dingtail::alert
