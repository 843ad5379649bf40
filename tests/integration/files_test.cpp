// Files that are missing, unreadable or not to be followed: told once, followed when that is mended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "integration/host.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Files : public Host {
 protected:
  std::string state_of(const std::string& path) {
    const auto status = nlohmann::json::parse(ask({"status", "--json"}).out, nullptr, false);
    if (!status.contains("files")) return "no status";
    for (const auto& each : status["files"])
      if (each["path"] == path) return each["state"];
    return "unknown";
  }
  bool wait_for_hits(std::uint64_t hits) {
    return group().wait_for([=](const Messages& messages) { return hits_in(messages) >= hits; });
  }
};

TEST_F(Files, AMissingFileIsToldOnceAndFollowedFromItsBeginningWhenItAppears) {
  configure(rule("r", "match = 'boom'"));
  launch({"run", "-c", file("dingtail.toml")});
  ASSERT_TRUE(wait_until_ready());
  EXPECT_EQ(state_of(log()), "missing");
  dir_.write("something-else", "");  // each new name is a reason to look again
  dir_.write("and-another", "");
  append("boom\nboom\n");
  EXPECT_TRUE(wait_for_hits(2));
  EXPECT_EQ(times_logged("file-missing " + log()), 1U);
  EXPECT_EQ(times_logged("file-back " + log()), 1U);
  EXPECT_EQ(state_of(log()), "following");
}

TEST_F(Files, AMissingDirectoryIsWaitedFor) {
  write_config("state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"a/b/c.log\"]\n" + target() +
               rule("r", "match = 'boom'"));
  launch({"run", "-c", file("dingtail.toml")});
  ASSERT_TRUE(wait_until_ready());
  dir_.write("a/b/c.log", "boom\n");
  EXPECT_TRUE(wait_for_hits(1));
}

TEST_F(Files, AnUnreadableFileIsToldOnceAndReadWhenItMay) {
  configure(rule("r", "match = 'boom'"));
  append("boom before the agent came\n");
  fs::permissions(dir_.path(), fs::perms::all);
  fs::permissions(file("dingtail.toml"), fs::perms::all);
  fs::permissions(log(), fs::perms::none);
  environment_["ASAN_OPTIONS"] = "detect_leaks=0";  // the leak checker needs rights that this user lacks
  launch({"run", "-c", file("dingtail.toml")}, another_user());
  ASSERT_TRUE(wait_until_ready()) << agent().err();
  EXPECT_EQ(state_of(log()), "unreadable");
  dir_.write("something-else", "");
  if (::geteuid() == 0) {
    append("boom\nboom\n");  // root may write what the agent may not read
    dir_.write("and-another", "");
  }
  EXPECT_TRUE(wait_until_logged("file-unreadable " + log()));
  EXPECT_TRUE(fs::exists(log()));
  fs::permissions(log(), fs::perms::owner_all | fs::perms::others_read);
  if (::geteuid() != 0) append("boom\nboom\n");
  EXPECT_TRUE(wait_for_hits(2));
  EXPECT_EQ(hits_in(group().messages()), 2U);
  EXPECT_EQ(times_logged("file-unreadable " + log()), 1U);
  EXPECT_THAT(agent().err(), HasSubstr("ermission denied"));
  EXPECT_EQ(times_logged("file-back " + log()), 1U);
  EXPECT_EQ(state_of(log()), "following");
}

TEST_F(Files, TheAgentDoesNotFollowItsOwnLog) {
  write_config(
      "state_dir = \"state\"\n[[source]]\nname = \"all\"\npaths = [\"*\"]\nread_from = \"beginning\"\n"
      "exclude = [\"*.toml\", \"*.pem\"]\n" +
      target() + rule("r", "match = '.'"));
  start();
  append("boom\n");
  ASSERT_TRUE(wait_for_hits(1));
  append("boom\n");
  EXPECT_TRUE(wait_for_hits(2));
  stop();
  EXPECT_EQ(hits_in(group().messages()), 2U);
}

TEST_F(Files, ReadFromBeginningReadsWhatIsThere) {
  write_config(
      "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n"
      "read_from = \"beginning\"\n" +
      target() + rule("r", "match = 'boom'"));
  append(numbered("boom", 30));
  start();
  EXPECT_TRUE(wait_for_hits(30));
  stop();
  start();
  append("boom\n");
  EXPECT_TRUE(wait_for_hits(31));
  stop();
  EXPECT_EQ(hits_in(group().messages()), 31U);
}

TEST_F(Files, ByDefaultOnlyWhatIsWrittenFromNowOnIsRead) {
  configure(rule("r", "match = 'boom'"));
  append("boom\nboom\n");
  start();
  append("boom\n");
  EXPECT_TRUE(wait_for_hits(1));
  stop();
  EXPECT_EQ(hits_in(group().messages()), 1U);
}

TEST_F(Files, AnAgentWithABacklogAnswersMeanwhile) {
  constexpr int kMegabytes = 128;
  std::string megabyte;
  while (megabyte.size() < 1'000'000)
    megabyte += "a line that is no hit, of a usual length for the log of some service\n";
  for (int i = 0; i < kMegabytes; ++i) append(megabyte);
  write_config(
      "state_dir = \"state\"\n[[source]]\nname = \"app\"\npaths = [\"app.log\"]\n"
      "read_from = \"beginning\"\n" +
      target() + rule("r", "match = 'boom'"));
  start();
  const auto status = nlohmann::json::parse(ask({"status", "--json"}).out);
  EXPECT_GT(status["files"][0]["lag"], 0);
  stop();
}

TEST_F(Files, ADirectoryInThePlaceOfAFileIsToldAsOne) {
  std::filesystem::create_directory(file("app.log"));
  configure("");
  start();
  EXPECT_TRUE(wait_until_logged("file-unreadable " + log() + ": it is a directory"));
}

}  // namespace
}  // namespace dingtail::integration
