#include "sandbox/mention.h"

#include <algorithm>
#include <string_view>

namespace dingtail::sandbox {
namespace {

constexpr std::size_t kMostPeople = 50;
constexpr std::size_t kPhoneDigits = 11;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether "@name" stands in the text, and not as the beginning of a longer name.
bool has_token(std::string_view text, std::string_view name) {
  const std::string token = "@" + std::string(name);
  for (auto at = text.find(token); at != std::string_view::npos; at = text.find(token, at + 1)) {
    const auto end = at + token.size();
    if (end == text.size() || !is_word(text[end])) return true;
  }
  return false;
}

// The phone numbers that stand behind an '@' in the text: "13800000000", "+852-12345678".
std::vector<std::string> phone_tokens(std::string_view text) {
  std::vector<std::string> phones;
  for (auto at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    const auto run = std::find_if_not(rest.begin(), rest.end(),
                                      [](char c) { return is_digit(c) || c == '+' || c == '-'; });
    const auto digits = static_cast<std::size_t>(std::count_if(rest.begin(), run, is_digit));
    if (digits >= kPhoneDigits && (run == rest.end() || !is_word(*run)))
      phones.emplace_back(rest.begin(), run);
  }
  return phones;
}

// The token's half is there, the object's is missing.
void find_tokens_alone(const Posted& posted, std::vector<std::string>& faults) {
  for (const auto& phone : phone_tokens(posted.text))
    if (std::find(posted.at.mobiles.begin(), posted.at.mobiles.end(), phone) == posted.at.mobiles.end())
      faults.push_back("@" + phone + " is in the text but not in at.atMobiles");
  if (!posted.at.all && (has_token(posted.text, "all") || has_token(posted.text, "所有人")))
    faults.emplace_back("@all is in the text but at.isAtAll is not true");
}

// The object's half is there, the token's is missing. (A text message needs no token.)
void find_objects_alone(const Posted& posted, std::vector<std::string>& faults) {
  if (posted.msgtype != "markdown" && posted.msgtype != "actionCard") return;
  for (const auto* people : {&posted.at.mobiles, &posted.at.user_ids})
    for (const auto& name : *people)
      if (!has_token(posted.text, name)) faults.push_back("@" + name + " is in at but not in the text");
  if (posted.msgtype == "actionCard" && posted.at.all && !has_token(posted.text, "所有人"))
    faults.emplace_back("at.isAtAll is true but @所有人 is not in the text");
}

}  // namespace

std::vector<std::string> mention_faults(const Posted& posted) {
  std::vector<std::string> faults;
  const std::size_t people = posted.at.mobiles.size() + posted.at.user_ids.size();
  if (people > kMostPeople)
    faults.push_back(std::to_string(people) + " people are mentioned: DingTalk takes " +
                     std::to_string(kMostPeople));
  if (posted.msgtype == "link" || posted.msgtype == "feedCard") {
    if (people > 0 || posted.at.all)
      faults.push_back("a " + posted.msgtype + " message cannot mention anybody");
    return faults;
  }
  find_objects_alone(posted, faults);
  find_tokens_alone(posted, faults);
  return faults;
}

}  // namespace dingtail::sandbox
