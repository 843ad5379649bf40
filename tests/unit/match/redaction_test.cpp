#include "match/redaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/load_text.h"

namespace dingtail::match {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Redaction redaction(const std::string& text) {
  config::Problems problems;
  auto out = Redaction::compile(test::rules_of(text).redacts, problems);
  EXPECT_THAT(test::brief(problems), IsEmpty());
  return out;
}

Redaction of_secrets() {
  return redaction("[[redact]]\npreset=['secret']\n");
}

TEST(Redaction, OfSecretsTakesThemByTheWordBefore) {
  const auto redact = of_secrets();
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"password=hunter2 user=root", "password=*** user=root"},
      {"DB_PASSWORD: 'two words', x", "DB_PASSWORD: ***, x"},
      {R"({"user":"a","password":"p\"w d","n":1})", R"({"user":"a","password":***,"n":1})"},
      {R"(body={\"apiKey\":\"abc\",\"n\":1})", R"(body={\"apiKey\":***\",\"n\":1})"},
      {"GET /robot/send?access_token=abc&timestamp=1", "GET /robot/send?access_token=***&timestamp=1"},
      {"SECRET_KEY=abc;x", "SECRET_KEY=***;x"},
      {"Authorization: Bearer abc.def-1", "Authorization: Bearer ***"},
      {"authorization=Basic dXNlcjpwYXNz, x", "authorization=Basic ***, x"},
      {"sent Bearer 0123456789abcdef", "sent Bearer ***"},
      {"Set-Cookie: sid=abc; Path=/", "Set-Cookie: ***"},
      {"mysql://app:s3cr%40t@db:3306/x", "mysql://app:***@db:3306/x"},
      {"redis://:p@ss@cache:6379/0", "redis://:***@cache:6379/0"},
      {"redis://u:p@ss:w/rd@db, x@y", "redis://u:***@db, x@y"},
      {"a://u:p@db1/x,a://u:q@db2/x?to=a@b", "a://u:***@db1/x,a://u:***@db2/x?to=a@b"},
      {"to=\"smtp://bob@x.example:p@w@mail\", for a@b", "to=\"smtp://bob@x.example:***@mail\", for a@b"},
      {"exec: psql --password hunter2 -U app", "exec: psql --password *** -U app"},
      {"口令：错误密码123 用户：张三", "口令：*** 用户：张三"},
  };
  for (const auto& [text, expected] : pairs) {
    EXPECT_EQ(redact.redacted(text), expected);
    EXPECT_EQ(redact.redacted(expected), expected) << "again";
  }
}

TEST(Redaction, OfSecretsTakesThemByTheirForm) {
  const auto redact = of_secrets();
  for (const std::string secret :
       {"AKIAIOSFODNN7EXAMPLE", "LTAI5tAbCdEfGhIjKlMnOpQr", "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "glpat-0123456789abcdefghij", "xoxb-0123456789-abcdef", "sk-0123456789abcdefghijklmn",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl",
        "SECa1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"})
    EXPECT_EQ(redact.redacted("got " + secret + ", refused"), "got ***, refused");
  EXPECT_EQ(
      redact.redacted("key:\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nend"),
      "key:\n***\nend");
  EXPECT_EQ(redact.redacted("-----BEGIN PRIVATE KEY-----\nMIIE cut"), "***");
}

TEST(Redaction, OfSecretsLeavesOrdinaryLinesAsTheyAre) {
  const auto redact = of_secrets();
  for (const std::string line :
       {"Failed password for root from 203.0.113.9 port 4 ssh2",
        "password authentication failed for user app", "secret \"db\" not found", "secrets: forbidden",
        "https://example.com:8080/a@b", "design=flat", "unexpected token <", "The password has expired",
        "ssh://git@example.com:22/a@b", "sk-short", "tokenizer: 5 words", "git@example.com:a/b"})
    EXPECT_EQ(redact.redacted(line), line);
}

TEST(Redaction, ByPatternPutsGroupsInPlace) {
  EXPECT_EQ(redaction("[[redact]]\npattern='(?i)(session)=\\S+'\nreplace='${1}=***'\n")
                .redacted("Session=a session=b"),
            "Session=*** session=***");
  EXPECT_EQ(redaction("[[redact]]\npattern='(?P<who>\\w+)@\\S+'\nreplace='$${who} ${who} \\1 $1 $'\n")
                .redacted("to bob@x.example"),
            "to ${who} bob \\1 $1 $");
  EXPECT_EQ(redaction("[[redact]]\npattern='内部\\d+'\n").redacted("见内部12，内部3"), "见***，***");
}

TEST(Redaction, ActsInTheOrderWritten) {
  EXPECT_EQ(redaction("[[redact]]\npattern='b'\nreplace='c'\n[[redact]]\npattern='c'\nreplace='d'\n")
                .redacted("abc"),
            "add");
  // What one leaves, the next still sees.
  EXPECT_EQ(redaction("[[redact]]\npattern='(.*) session=\\S+'\nreplace='${1} session=***'\n"
                      "[[redact]]\npreset=['cn-mobile']\n")
                .redacted("of 13912345678 session=x"),
            "of 139****5678 session=***");
}

Hit hit(const std::string& record, Fields fields) {
  Hit out;
  out.record = record;
  out.path = "/srv/13912345678/\xFFpp.log";
  out.fields = std::move(fields);
  out.labels = {{"app", "\xEF\xBF\xBDpp"}, {"user", "13912345678"}};
  return out;
}

TEST(Redaction, LeavesNothingOfItInCapturesPathAndLabels) {
  auto got = hit("session=4711 phone 13912345678 order 12", {{"session", "4711"},
                                                             {"phone", "13912345678"},
                                                             {"tail", "345678"},
                                                             {"all", "phone 13912345678 order"},
                                                             {"order", "12"}});
  redaction("[[redact]]\npreset=['cn-mobile']\n[[redact]]\npattern='(session)=\\S+'\nreplace='${1}=***'\n")
      .apply(got);
  EXPECT_EQ(got.record, "session=*** phone 139****5678 order 12");
  EXPECT_EQ(got.path, "/srv/139****5678/\xFFpp.log");
  EXPECT_THAT(got.fields,
              ElementsAre(Pair("all", "phone 139****5678 order"), Pair("order", "12"),
                          Pair("phone", "139****5678"), Pair("session", "***"), Pair("tail", "***")));
  EXPECT_THAT(got.labels, ElementsAre(Pair("app", "\xEF\xBF\xBDpp"), Pair("user", "139****5678")));
}

TEST(Redaction, OfNothingChangesNothing) {
  auto got = hit("phone 13912345678", {{"phone", "13912345678"}});
  redaction("").apply(got);
  EXPECT_EQ(got.record, "phone 13912345678");
  EXPECT_EQ(got.fields.at("phone"), "13912345678");
}

TEST(Redaction, KeepsUtf8Whole) {
  const auto redact = redaction(
      "[[redact]]\npreset=['cn-mobile','cn-id-card','bank-card','secret']\n[[redact]]\npattern='.'\n");
  EXPECT_TRUE(base::is_utf8(redact.redacted("错误13912345678🔥密码：错误é")));
}

std::vector<std::string> problems_of(const std::string& text) {
  const test::TempDir dir;
  auto loaded = test::load_text(dir, text);
  (void)Redaction::compile(loaded.config.redacts, loaded.problems);
  return test::brief(loaded.problems);
}

TEST(Redaction, TellsEveryMistakeAtItsPlace) {
  EXPECT_THAT(problems_of("[[redact]]\npattern='('\n"),
              ElementsAre("2:9: error: bad pattern: missing ): (: ("));
  EXPECT_THAT(problems_of("[[redact]]\npattern='x*'\n"),
              ElementsAre("2:9: error: this pattern matches nothing at all, and so everywhere"));
  EXPECT_THAT(problems_of("[[redact]]\npattern='(x)'\nreplace='${2}${y}${1}'\n"),
              ElementsAre("3:9: error: `replace` names ${2}, which is no group of its pattern",
                          "3:9: error: `replace` names ${y}, which is no group of its pattern"));
  EXPECT_THAT(
      problems_of("[[redact]]\npreset=['cn-mobil']\n"),
      ElementsAre("2:9: error: \"cn-mobil\" is not one of \"cn-mobile\", \"cn-id-card\", \"bank-card\", "
                  "\"secret\""));
  EXPECT_THAT(problems_of("[[redact]]\npreset=['secret']\npattern='x'\n"),
              ElementsAre("1:1: error: [[redact]] takes either `preset` or `pattern`"));
  EXPECT_THAT(problems_of("[[redact]]\n"),
              ElementsAre("1:1: error: [[redact]] takes either `preset` or `pattern`"));
  EXPECT_THAT(problems_of("[[redact]]\npreset=['secret']\nreplace='x'\n"),
              ElementsAre("3:9: error: `replace` in [[redact]] belongs to a `pattern`"));
}

}  // namespace
}  // namespace dingtail::match
