#include "alert/fold.h"

#include <algorithm>
#include <utility>

namespace dingtail::alert {
namespace {

constexpr std::size_t kSimilarPercent = 60;  // of the words, numbers aside, are the same
constexpr std::string_view kNumber = "<num>";
constexpr std::string_view kWord = "<*>";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

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
  const auto* const word = std::find_if_not(from.begin(), from.end(), is_blank);
  const auto* const end = std::find_if(word, from.end(), is_blank);
  const auto gap = take(from, static_cast<std::size_t>(word - from.begin()));
  return {gap, take(from, static_cast<std::size_t>(end - word))};
}

std::ptrdiff_t newlines(std::string_view gap) {
  return std::count(gap.begin(), gap.end(), '\n');
}

// The number that `word` begins with, of digits or a template's; empty where it begins with none.
std::string_view take_number(std::string_view& word) {
  if (word.starts_with(kNumber)) return take(word, kNumber.size());
  return take(word, std::min(word.find_first_not_of("0123456789"), word.size()));
}

// Appends the word that both are but for their numbers. False where they are not one: then what it appended
// is of no use.
bool append_same(std::string& out, std::string_view a, std::string_view b) {
  if (a == kWord || b == kWord) return false;
  if (a == b) {
    out += a;
    return true;
  }
  while (!a.empty() && !b.empty()) {
    const auto number = take_number(a);
    const auto other = take_number(b);
    if (!number.empty() && !other.empty()) {
      out += number == other ? number : kNumber;
      continue;
    }
    if (!number.empty() || !other.empty() || a.front() != b.front()) return false;
    out += take(a, 1);
    b.remove_prefix(1);
  }
  return a.empty() && b.empty();
}

}  // namespace

std::optional<std::string> folded(std::string_view known, std::string_view record) {
  if (known.size() > kMostFoldedBytes || record.size() > kMostFoldedBytes) return std::nullopt;
  std::string out;
  out.reserve(known.size() + kNumber.size());
  std::size_t words = 0;
  std::size_t same = 0;
  while (true) {
    const Word left = take_word(known);
    const Word right = take_word(record);
    if (newlines(left.gap) != newlines(right.gap) || left.text.empty() != right.text.empty())
      return std::nullopt;
    out += left.gap;
    if (left.text.empty()) break;
    ++words;
    const std::size_t before = out.size();
    if (append_same(out, left.text, right.text))
      ++same;
    else
      out.replace(before, std::string::npos, kWord);
  }
  return same * 100 >= words * kSimilarPercent ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace dingtail::alert
