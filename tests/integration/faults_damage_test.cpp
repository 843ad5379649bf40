// Faults F37 to F41: a state that is corrupt, another version's, another agent's, another user's or another
// machine's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "integration/fault.h"
#include "integration/mount.h"

namespace dingtail::integration {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr int kForeignUser = 65534;

void write_over(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

void run_sql(const std::string& path, const std::string& statements) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

std::size_t count_in(const std::string& directory, const std::string& prefix) {
  std::size_t count = 0;
  for (const auto& each : fs::directory_iterator(directory))
    if (each.path().filename().string().starts_with(prefix)) ++count;
  return count;
}

struct Damage {
  std::string name;
  std::function<void(const std::string& database)> make;
};

// SQLite's own close moves the log into the database.
void empty_log(const std::string& database) {
  run_sql(database, "PRAGMA wal_checkpoint(TRUNCATE)");
}

const std::vector<Damage>& damages() {
  constexpr std::size_t kPage = 4096;
  static const std::vector<Damage> kDamages = {
      {"a page overwritten",
       [](const std::string& database) {
         empty_log(database);
         auto bytes = bytes_of(database);
         write_over(database, bytes.replace(kPage, kPage, kPage, '\x5a'));
       }},
      {"a bit of its head flipped",
       [](const std::string& database) {
         empty_log(database);
         auto bytes = bytes_of(database);
         bytes[18] = static_cast<char>(bytes[18] ^ 0x40);  // the version to write it by
         write_over(database, bytes);
       }},
      {"half of it cut off",
       [](const std::string& database) {
         empty_log(database);
         fs::resize_file(database, fs::file_size(database) / 2);
       }},
      {"all of it cut off", [](const std::string& database) { fs::resize_file(database, 0); }},
      {"zeroed",
       [](const std::string& database) {
         empty_log(database);
         write_over(database, std::string(fs::file_size(database), '\0'));
       }},
      {"gone, its log left behind", [](const std::string& database) { fs::remove(database); }},
      {"a row that no agent wrote",
       [](const std::string& database) { run_sql(database, "UPDATE alert SET data = '{'"); }},
  };
  return kDamages;
}

TEST_F(Fault, F37_ACorruptStateIsSetAsideAndToldAndTheNextStartIsOrdinary) {
  follow_lines();
  start();
  std::map<int, std::uint64_t> expected;
  int line = 0;
  std::size_t corrupted = 0;
  const auto expect_next_told = [&] {
    ++line;
    write(line, line);
    expected[line] = 1;
    EXPECT_TRUE(group().wait_for(expected.size()));
  };
  expect_next_told();
  for (const auto& damage : damages()) {
    SCOPED_TRACE(damage.name);
    kill();  // so that the log holds something
    damage.make(file("state/state.db"));
    ++line;
    write(line, line);  // files go on from their end
    start();
    EXPECT_EQ(times_logged("state-corrupt"), ++corrupted);
    EXPECT_GE(count_in(file("state"), "state.db.corrupt-"), corrupted);
    expect_next_told();
    EXPECT_THAT(status()["losses"].dump(), HasSubstr("corrupt"));
    stop();
    start();
    EXPECT_EQ(times_logged("state-corrupt"), corrupted);
    expect_next_told();
  }
  EXPECT_EQ(told(), expected);
  EXPECT_FALSE(group().notices().empty());
}

TEST_F(Fault, F38_ANewerStateIsRefusedAndLeftAlone) {
  follow_lines();
  start();
  write(1, 20);
  ASSERT_TRUE(wait_until_told(20));
  stop();
  const auto database = file("state/state.db");
  const auto set_version = [&](const std::string& version) {
    run_sql(database, "UPDATE agent SET schema = " + version + "; PRAGMA user_version = " + version);
  };
  set_version("99");
  const auto newer = bytes_of(database);
  const auto refused = ask({"run"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("its schema is version 99"), HasSubstr("run the newer agent")));
  EXPECT_EQ(bytes_of(database), newer);
  set_version("2");
  write(21, 40);
  start();
  expect_each_once(40);
}

TEST_F(Fault, F38_AnOlderStateIsUpgradedWithACopyOfItBeside) {
  follow_lines();
  fs::create_directory(file("state"));
  const auto database = file("state/state.db");
  // Of its messages and alerts this configuration knows nothing.
  run_sql(database, bytes_of(GOLDEN_DIRECTORY "/state/v1.sql") + "DELETE FROM message; DELETE FROM alert;");
  start();
  EXPECT_TRUE(fs::exists(database + ".v1"));
  EXPECT_FALSE(logged("state-corrupt"));
  write(1, 20);
  expect_each_once(20);
}

TEST_F(Fault, F39_ASecondAgentOnTheSameStateIsRefusedWhateverElseIsDeletedInIt) {
  follow_lines();
  start();
  write(1, 10);
  ASSERT_TRUE(wait_until_told(10));
  for (const auto& each : fs::directory_iterator(file("state")))
    if (!each.path().filename().string().starts_with("state.db")) fs::remove(each.path());
  const auto second = ask({"run"});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("another agent runs on " + file("state")));
  write(11, 20);
  ASSERT_TRUE(wait_until_told(20));
  kill();
  start();  // no lock outlives its agent
  write(21, 30);
  expect_each_once(30);
}

TEST_F(Fault, F40_AStateThatOthersCouldHavePlantedIsRefused) {
  follow_lines();
  start();
  write(1, 10);
  ASSERT_TRUE(wait_until_told(10));
  stop();
  const auto state = file("state");
  const auto database = file("state/state.db");
  const auto expect_refused = [this](const std::string& why) {
    const auto refused = ask({"run"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr(why));
  };
  fs::rename(state, file("other"));
  fs::create_directory_symlink(file("other"), state);
  expect_refused(state + " is a symbolic link");
  fs::remove(state);
  fs::rename(file("other"), state);

  fs::rename(database, file("victim"));
  const auto before = bytes_of(file("victim"));
  fs::create_symlink(file("victim"), database);
  expect_refused(database + " is no regular file");
  EXPECT_EQ(bytes_of(file("victim")), before);
  fs::remove(database);
  fs::rename(file("victim"), database);

  for (const auto& path : {state, database}) {
    const auto rights = fs::status(path).permissions();
    fs::permissions(path, fs::perms::others_write, fs::perm_options::add);
    expect_refused(path + " may be written by others");
    fs::permissions(path, rights);
    if (::geteuid() != 0) continue;  // nobody else can give a file away
    ASSERT_EQ(::chown(path.c_str(), kForeignUser, kForeignUser), 0);
    expect_refused(path + " belongs to user 65534");
    ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
  }
  start();
  write(11, 20);
  expect_each_once(20);
}

TEST_F(Fault, F41_AStateCopiedToAnotherHostIsAFirstStartThereAndSendsNothingOfTheOther) {
  const std::string id = "/etc/machine-id";
  if (!fs::exists(id)) GTEST_SKIP() << "there is no " << id;
  dir_.write("one", std::string(32, '1') + "\n");
  dir_.write("two", std::string(32, '2') + "\n");
  const Mount one({"--bind", file("one")}, id);
  if (!one.refused().empty()) GTEST_SKIP() << one.refused();
  follow_lines();
  start();
  group().close();
  write(1, 10);
  ASSERT_TRUE(wait_until_logged("delivery-failed"));
  ASSERT_TRUE(wait_until_read());
  stop();
  write(11, 20);
  const Mount two({"--bind", file("two")}, id);
  ASSERT_EQ(two.refused(), "");
  group().open();
  start();
  EXPECT_EQ(times_logged("state-foreign"), 1U);
  EXPECT_GE(count_in(file("state"), "state.db.foreign-"), 1U);
  write(21, 30);
  EXPECT_TRUE(wait_until_told(10));
  stop();
  start();
  write(31, 40);
  EXPECT_TRUE(wait_until_told(20));
  EXPECT_EQ(times_logged("state-foreign"), 1U);
  std::map<int, std::uint64_t> expected;
  for (int line = 21; line <= 40; ++line) expected[line] = 1;
  EXPECT_EQ(told(), expected);
}

}  // namespace
}  // namespace dingtail::integration
