// Valid numbers are the networks' published test cards, GB 11643's own example, and others whose check digits
// were computed with another program.
#include "match/personal_number.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>
#include <vector>

namespace dingtail::match {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

void expect_masked(PersonalNumber kind, const Pairs& pairs) {
  for (const auto& [text, masked] : pairs) {
    EXPECT_EQ(mask(text, kind), masked);
    EXPECT_EQ(mask(masked, kind), masked) << "again";
  }
}

void expect_left(PersonalNumber kind, const std::vector<std::string>& texts) {
  for (const auto& text : texts) EXPECT_EQ(mask(text, kind), text);
}

TEST(PersonalNumber, OfAMobileAreItsFirstAndLastDigitsLeft) {
  expect_masked(PersonalNumber::kCnMobile, {{"13800000000", "138****0000"},
                                            {"login of 19912345678 failed", "login of 199****5678 failed"},
                                            {"tel13912345678x", "tel139****5678x"},
                                            {"手机13912345678已停机", "手机139****5678已停机"},
                                            {"+8613912345678", "+86139****5678"},
                                            {"8613912345678", "86139****5678"},
                                            {"008613912345678", "0086139****5678"},
                                            {"+86 139 1234 5678", "+86 139 **** 5678"},
                                            {"+86-139-1234-5678", "+86-139-****-5678"},
                                            {"(+86)13912345678,", "(+86)139****5678,"},
                                            {"139-12345678", "139-****5678"},
                                            {"13912345678,13800000000", "139****5678,138****0000"},
                                            {"13912345678 13800000000", "139****5678 138****0000"},
                                            {"1.13912345678", "1.139****5678"},
                                            {"id-13912345678-face", "id-139****5678-face"}});
}

TEST(PersonalNumber, OfNoMobileIsLeftAsItIs) {
  expect_left(PersonalNumber::kCnMobile,
              {"1763712345678", "1763712345", "139123456789", "113912345678", "12912345678", "10912345678",
               "2026-11-21 10:31:02", "139-1234-567", "139_1234_5678", "139--1234-5678", "139-1234 5678",
               "0.13912345678", "da39a3ee13912345678e", "550e8400-e29b-41d4-a716-13912345678a",
               "9113912345678", "", "1", "400-1234-5678"});
}

TEST(PersonalNumber, OfAnIdCardAreItsFirstAndLastDigitsLeft) {
  expect_masked(PersonalNumber::kCnIdCard, {{"11010519491231002X", "110***********002X"},
                                            {"11010519491231002x", "110***********002x"},
                                            {"id=110101199003074514;", "id=110***********4514;"},
                                            {"身份证310115198506221230。", "身份证310***********1230。"},
                                            {"110101 19900307 4514", "110*** ******** 4514"},
                                            {"110105-19491231-002X", "110***-********-002X"}});
}

TEST(PersonalNumber, OfNoIdCardIsLeftAsItIs) {
  expect_left(PersonalNumber::kCnIdCard,
              {"110101199003074515",  // its check digit
               "110101199013074514",  // its month
               "110101199002304514",  // its day
               "010101199003074514", "1101011990030745140", "11010119900307451",
               "11010519491231002Xy",  // a word goes on
               "a1b2c3d4110101199003074514", "0.110101199003074514"});
}

TEST(PersonalNumber, OfACardAreItsLastDigitsLeft) {
  expect_masked(PersonalNumber::kBankCard, {{"4111111111111111", "************1111"},
                                            {"5555 5555 5555 4444", "**** **** **** 4444"},
                                            {"3782-822463-10005", "****-******-*0005"},
                                            {"30569309025904.", "**********5904."},
                                            {"卡号6222021234567890128，", "卡号***************0128，"},
                                            {"622202 1234567890128", "****** *********0128"},
                                            {"6222 0212 3456 7890 128", "**** **** **** ***0 128"},
                                            {"card:6011111111111117|x", "card:************1117|x"}});
}

TEST(PersonalNumber, OfNoCardIsLeftAsItIs) {
  expect_left(PersonalNumber::kBankCard,
              {"4111111111111112", "1763712345678901", "1763712345678901234", "0000000000000000",
               "7992739871000000", "411111111111", "41111111111111111111", "2026-11-21 10:31:02 4111",
               "e3b0c44298fc1c149afbf4c84111111111111111b934ca49", "4111 1111 1111 11 11",
               "4111-1111 1111-1111", "0.4111111111111111"});
}

TEST(PersonalNumber, OfAllKindsTakeTimeThatGrowsWithTheTextAlone) {
  for (const std::string piece : {"1", "1 ", "1-", "a1", "13912345678a", "139-1234-567-", "4111 "}) {
    std::string text;
    while (text.size() < 64UL * 1024) text += piece;
    for (const auto kind : {PersonalNumber::kCnMobile, PersonalNumber::kCnIdCard, PersonalNumber::kBankCard})
      EXPECT_EQ(mask(text, kind).size(), text.size()) << piece;  // a quadratic one would run into the timeout
  }
}

}  // namespace
}  // namespace dingtail::match
