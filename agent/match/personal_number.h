// Numbers that stand for a person or an account, told from others by their form and check digits. Knows
// nothing of records.
#pragma once

#include <string>
#include <string_view>

namespace dingtail::match {

enum class PersonalNumber {
  kCnMobile,  // 11 digits, also behind 86 or 0086, also as 138 0000 0000
  kCnIdCard,  // 18 characters with a date and GB 11643's check digit, also as 6-8-4
  kBankCard,  // 13 to 19 digits that a card network gives out, with Luhn's check digit, also in groups
};

// A copy with asterisks for the digits of each such number, but for those that people tell them by: the first
// three and the last four, of a card the last four alone. A number is a whole run of digits, or runs with one
// blank or hyphen between them; digits of a hash or a UUID are none. Leaves all else as it is, and so UTF-8.
std::string mask(std::string_view text, PersonalNumber kind);

}  // namespace dingtail::match
