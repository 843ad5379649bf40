// What [[redact]] hides is nowhere but in the log itself: not in the state, a message, a status or the
// agent's log.
#include <filesystem>
#include <fstream>

#include "integration/host.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHidden[] = {"13912345678",         "12345678", "110101199003074514",
                                   "6222021234567890128", "hunter2",  "sid-4711"};
constexpr const char* kRecord =
    "boom of 13912345678 id 110101199003074514 card 6222021234567890128 password=hunter2 session=sid-4711\n";

class RedactionOfAHost : public Host {
 protected:
  void configure_redaction() {
    configure(
        "[[redact]]\npreset = [\"cn-mobile\", \"cn-id-card\", \"bank-card\", \"secret\"]\n"
        "[[redact]]\npattern = 'session=\\S+'\nreplace = 'session=***'\n"
        "[[rule]]\nname = \"r\"\nmatch = 'boom of (?P<phone>\\d+) .*session=(?P<session>\\S+)'\n"
        "summary = \"${phone} ${session} ${line}\"\ngroup_by = [\"phone\", \"session\"]\ngroup_wait = "
        "\"0s\"\n"
        "mention = { mobiles = [\"13800000000\"] }\n");
  }
  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void expect_nothing_hidden_in(const std::string& text, const std::string& where) {
    for (const char* hidden : kHidden) EXPECT_THAT(text, Not(HasSubstr(hidden))) << where;
  }
};

TEST_F(RedactionOfAHost, LeavesNothingInStateStatusLogAndMessages) {
  configure_redaction();
  group().close();  // so that the message waits in the state
  start();
  append(kRecord);
  ASSERT_TRUE(wait_until_logged("delivery-failed ops: "));
  expect_nothing_hidden_in(ask({"status"}).out + ask({"status", "--json"}).out, "status");
  kill();
  std::string state;
  for (const auto& entry : fs::recursive_directory_iterator(file("state")))
    if (entry.is_regular_file()) state += content(entry.path());
  EXPECT_THAT(state, HasSubstr("139****5678"));  // it is there that the record would be
  expect_nothing_hidden_in(state, "state");

  group().open();
  start();
  ASSERT_TRUE(group().wait_for(1));
  stop();
  const auto message = group().messages().front().verdict.posted;
  EXPECT_THAT(message.text, HasSubstr("boom of 139\\*\\*\\*\\*5678 id 110\\*"));
  EXPECT_THAT(message.text, HasSubstr("password=\\*\\*\\* session=\\*\\*\\*"));
  EXPECT_TRUE(message.text.ends_with("\n\n@13800000000")) << message.text;  // configured: it stays
  expect_nothing_hidden_in(message.title + message.text, "message");
  for (const auto& entry : fs::directory_iterator(dir_.path()))
    if (entry.path().extension() == ".err") expect_nothing_hidden_in(content(entry.path()), entry.path());
}

}  // namespace
}  // namespace dingtail::integration
