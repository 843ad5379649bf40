#include "match/personal_number.h"

#include <algorithm>
#include <array>
#include <vector>

namespace dingtail::match {
namespace {

constexpr std::size_t kMostGroups = 5;
constexpr std::size_t kShortest = 11;  // of any kind
constexpr std::size_t kLongest = 24;   // with what stands between its runs
constexpr std::size_t kShortestHash = 16;
constexpr std::size_t kLookAround = 64;  // for what surrounds a number: a record may be one long word
constexpr std::string_view kUuidForm = "xxxxxxxx-xxxx-xxxx-xxxx-";  // before its last part

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

unsigned number_of(std::string_view digits) {
  unsigned out = 0;
  for (const char c : digits) out = out * 10 + static_cast<unsigned>(c - '0');
  return out;
}

// Runs of digits as they stand in a text, one behind the other.
struct Number {
  std::string digits;             // an id card's X at the end too
  std::vector<std::size_t> at;    // where each stands
  std::vector<std::size_t> runs;  // how long each run is
};

bool is_one_run(const Number& number) {
  return number.runs.size() == 1;
}

// How many of the digits are the country's; nothing of a mobile number where there is none.
std::size_t country_code(std::string_view digits) {
  if (digits.size() == 13 && digits.starts_with("86")) return 2;
  return digits.size() == 15 && digits.starts_with("0086") ? 4 : 0;
}

bool is_cn_mobile(const Number& number) {
  using Runs = std::vector<std::size_t>;
  const auto own = std::string_view(number.digits).substr(country_code(number.digits));
  const bool form = is_one_run(number) || number.runs == Runs{3, 4, 4} || number.runs == Runs{3, 8};
  return form && own.size() == 11 && own[0] == '1' && own[1] >= '3';
}

bool is_date(std::string_view digits) {
  constexpr std::array<unsigned, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const unsigned year = number_of(digits.substr(0, 4));
  const unsigned month = number_of(digits.substr(4, 2));
  const unsigned day = number_of(digits.substr(6, 2));
  return year >= 1900 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= kDays.at(month - 1);
}

// ISO 7064's MOD 11-2, as GB 11643 takes it.
char check_digit_of_id(std::string_view seventeen) {
  unsigned sum = 0;
  for (const char c : seventeen) sum = (sum + static_cast<unsigned>(c - '0')) * 2 % 11;
  return "10X98765432"[sum];
}

bool is_cn_id_card(const Number& number) {
  using Runs = std::vector<std::size_t>;
  const std::string_view digits = number.digits;
  if (digits.size() != 18 || !(is_one_run(number) || number.runs == Runs{6, 8, 4})) return false;
  return digits[0] != '0' && is_date(digits.substr(6, 8)) &&
         check_digit_of_id(digits.substr(0, 17)) == digits[17];
}

bool has_luhn_digit(std::string_view digits) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto digit = static_cast<unsigned>(digits[digits.size() - 1 - i] - '0');
    sum += i % 2 == 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  return sum % 10 == 0;
}

// What card numbers begin with, as four digits, and how long they are (ISO/IEC 7812).
struct Network {
  unsigned first;
  unsigned last;
  std::size_t shortest;
  std::size_t longest;
};
constexpr std::array<Network, 10> kNetworks = {{{2221, 2720, 16, 16},  // Mastercard
                                                {3000, 3059, 14, 19},  // Diners Club
                                                {3400, 3499, 15, 15},  // American Express
                                                {3528, 3589, 16, 19},  // JCB
                                                {3600, 3999, 14, 19},  // Diners Club; 37: American Express
                                                {4000, 4999, 13, 19},  // Visa
                                                {5000, 5999, 16, 19},  // Mastercard, Maestro, old bank cards
                                                {6000, 6999, 16, 19},  // UnionPay, Discover, Maestro
                                                {8100, 8199, 16, 19},  // UnionPay
                                                {9000, 9999, 16, 19}}};  // old Chinese bank cards

bool is_card_form(const std::vector<std::size_t>& runs) {
  using Runs = std::vector<std::size_t>;
  if (runs.size() == 1 || runs == Runs{4, 6, 5} || runs == Runs{4, 6, 4} || runs == Runs{6, 13}) return true;
  return runs.back() <= 4 && std::all_of(runs.begin(), runs.end() - 1, [](auto size) { return size == 4; });
}

bool is_bank_card(const Number& number) {
  const std::string_view digits = number.digits;
  if (digits.size() < 13 || digits.size() > 19 || !is_card_form(number.runs)) return false;
  if (digits.back() == 'X' || !has_luhn_digit(digits)) return false;
  const unsigned begins = number_of(digits.substr(0, 4));
  return std::any_of(kNetworks.begin(), kNetworks.end(), [&](const Network& network) {
    return begins >= network.first && begins <= network.last && digits.size() >= network.shortest &&
           digits.size() <= network.longest;
  });
}

bool is_kind(const Number& number, PersonalNumber kind) {
  switch (kind) {
    case PersonalNumber::kCnMobile:
      return is_cn_mobile(number);
    case PersonalNumber::kCnIdCard:
      return is_cn_id_card(number);
    case PersonalNumber::kBankCard:
      break;
  }
  return is_bank_card(number);
}

std::size_t end_of_run(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// True where text[at] is of a longer hexadecimal word with letters in it, or of a UUID.
bool in_hash(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  std::size_t end = at;
  while (begin > 0 && at - begin < kLookAround && is_alphanumeric(text[begin - 1])) --begin;
  while (end < text.size() && end - at < kLookAround && is_alphanumeric(text[end])) ++end;
  const auto word = text.substr(begin, end - begin);
  if (!std::all_of(word.begin(), word.end(), is_hex) || std::all_of(word.begin(), word.end(), is_digit))
    return false;
  if (word.size() >= kShortestHash) return true;
  if (begin < kUuidForm.size()) return false;
  const auto before = text.substr(begin - kUuidForm.size(), kUuidForm.size());
  return std::equal(before.begin(), before.end(), kUuidForm.begin(),
                    [](char c, char form) { return form == 'x' ? is_hex(c) : c == form; });
}

// "0.13800000000"
bool is_fraction(std::string_view text, std::size_t at) {
  return text.substr(0, at).ends_with("0.") && (at == 2 || !is_digit(text[at - 3]));
}

// The run of digits at `begin`, and those behind it as long as the same mark stands between them.
std::vector<std::size_t> ends_of_runs(std::string_view text, std::size_t begin) {
  std::vector<std::size_t> ends = {end_of_run(text, begin)};
  const std::size_t first = ends.front();
  const char mark = first < text.size() ? text[first] : '\0';
  while ((mark == ' ' || mark == '-') && ends.size() < kMostGroups) {
    const std::size_t end = ends.back();
    if (end >= text.size() || text[end] != mark) break;
    const std::size_t next = end_of_run(text, end + 1);
    if (next == end + 1) break;
    ends.push_back(next);
  }
  return ends;
}

Number number_at(std::string_view text, std::size_t begin, std::size_t end, PersonalNumber kind) {
  Number out;
  const auto add = [&](std::size_t at) {
    if (at == begin || !is_digit(text[at - 1])) out.runs.push_back(0);
    ++out.runs.back();
    out.at.push_back(at);
    out.digits += text[at];
  };
  for (std::size_t at = begin; at < end; ++at)
    if (is_digit(text[at])) add(at);
  const bool x = end < text.size() && (text[end] == 'X' || text[end] == 'x');
  const bool ends = end + 1 >= text.size() || !is_alphanumeric(text[end + 1]);
  if (kind == PersonalNumber::kCnIdCard && x && ends) {
    add(end);
    out.digits.back() = 'X';
  }
  return out;
}

void hide(std::string& out, const Number& number, PersonalNumber kind) {
  const std::size_t shown = kind == PersonalNumber::kBankCard ? 0 : country_code(number.digits) + 3;
  for (std::size_t i = shown; i + 4 < number.at.size(); ++i) out[number.at[i]] = '*';
}

// Masks the longest number of that kind that begins at `begin`. Where to look for the next one.
std::size_t mask_at(std::string_view text, std::size_t begin, PersonalNumber kind, std::string& out) {
  const std::size_t first = end_of_run(text, begin);
  const bool alone = first == text.size() || (text[first] != ' ' && text[first] != '-');
  if (alone && first - begin < kShortest) return first;  // as nearly all are
  const auto ends = ends_of_runs(text, begin);
  for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
    if (*end - begin < kShortest || *end - begin > kLongest) continue;
    const auto number = number_at(text, begin, *end, kind);
    if (!is_kind(number, kind) || in_hash(text, begin) || is_fraction(text, begin)) continue;
    hide(out, number, kind);
    return *end;
  }
  return ends.front();
}

}  // namespace

std::string mask(std::string_view text, PersonalNumber kind) {
  std::string out(text);
  for (std::size_t at = 0; at < text.size();) at = is_digit(text[at]) ? mask_at(text, at, kind, out) : at + 1;
  return out;
}

}  // namespace dingtail::match
