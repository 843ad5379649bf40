#include "deliver/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace dingtail::deliver {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

using Found = base::Result<std::vector<std::string>>;

// A system's resolver that says what it is told, and where it has been told nothing, nothing. Shared with the
// threads that ask it: they may outlive the test.
struct System {
  void say(const std::string& host, Found found) {
    const std::lock_guard lock(mutex);
    answers[host].push_back(std::move(found));
    told.notify_all();
  }
  Found look_up(const std::string& host) {
    std::unique_lock lock(mutex);
    ++asked;
    told.wait(lock, [&] { return !answers[host].empty(); });
    Found found = std::move(answers[host].front());
    answers[host].pop_front();
    return found;
  }

  std::mutex mutex;
  std::condition_variable told;
  std::map<std::string, std::deque<Found>> answers;
  int asked = 0;
};

Found not_found() {
  return base::fail(base::Code::kFailed, "Name or service not known");
}

class ResolverTest : public testing::Test {
 protected:
  ~ResolverTest() override {
    system->say("silent.example", not_found());  // lets the thread go
  }
  void open(base::Millis patience = std::chrono::seconds(30)) {
    resolver.emplace(
        loop, [system = system](const std::string& host) { return system->look_up(host); }, patience);
  }
  Resolved resolve(const std::string& host) {
    std::optional<Resolved> got;
    resolver->resolve(host, [&](const Resolved& resolved) {
      EXPECT_FALSE(got) << "answered twice";
      got = resolved;
      loop.stop();
    });
    EXPECT_FALSE(got) << "answered from inside resolve()";
    loop.run();
    return got.value_or(Resolved{});
  }

  std::shared_ptr<System> system = std::make_shared<System>();
  loop::Loop loop;
  std::optional<Resolver> resolver;
};

TEST_F(ResolverTest, AsksTheSystemEachTime) {
  open();
  system->say("a.example", std::vector<std::string>{"192.0.2.1", "2001:db8::1"});
  system->say("a.example", std::vector<std::string>{"192.0.2.2"});
  auto got = resolve("a.example");
  EXPECT_THAT(got.addresses, ElementsAre("192.0.2.1", "2001:db8::1"));
  EXPECT_EQ(got.error, "");
  got = resolve("a.example");
  EXPECT_THAT(got.addresses, ElementsAre("192.0.2.2"));
  EXPECT_EQ(system->asked, 2);
}

TEST_F(ResolverTest, KeepsTheLastGoodAddresses) {
  open();
  system->say("a.example", std::vector<std::string>{"192.0.2.1"});
  system->say("a.example", not_found());
  EXPECT_THAT(resolve("a.example").addresses, ElementsAre("192.0.2.1"));
  const auto got = resolve("a.example");
  EXPECT_THAT(got.addresses, ElementsAre("192.0.2.1"));
  EXPECT_EQ(got.error, "Name or service not known");
}

TEST_F(ResolverTest, TellsWhyItKnowsNoAddress) {
  open();
  system->say("a.example", not_found());
  const auto got = resolve("a.example");
  EXPECT_THAT(got.addresses, IsEmpty());
  EXPECT_EQ(got.error, "Name or service not known");
}

TEST_F(ResolverTest, ASilentSystemDelaysNoOtherNameAndNotTheEnd) {
  open();
  bool silent_answered = false;
  resolver->resolve("silent.example", [&](const Resolved&) { silent_answered = true; });
  system->say("a.example", std::vector<std::string>{"192.0.2.1"});
  EXPECT_THAT(resolve("a.example").addresses, ElementsAre("192.0.2.1"));
  resolver.reset();
  EXPECT_FALSE(silent_answered);
}

TEST_F(ResolverTest, GivesUpASilentSystemAndTakesItsLateAnswer) {
  open(milliseconds(20));
  auto got = resolve("silent.example");
  EXPECT_THAT(got.addresses, IsEmpty());
  EXPECT_EQ(got.error, "the resolver does not answer");
  system->say("silent.example", std::vector<std::string>{"192.0.2.1"});
  while (got.addresses.empty()) got = resolve("silent.example");
  EXPECT_THAT(got.addresses, ElementsAre("192.0.2.1"));
}

TEST_F(ResolverTest, BeginsWithAnotherAddressWhereThoseAreToBlame) {
  open();
  for (int i = 0; i < 4; ++i) system->say("a.example", std::vector<std::string>{"192.0.2.1", "192.0.2.2"});
  EXPECT_THAT(resolve("a.example").addresses, ElementsAre("192.0.2.1", "192.0.2.2"));
  resolver->blame("a.example");
  EXPECT_THAT(resolve("a.example").addresses, ElementsAre("192.0.2.2", "192.0.2.1"));
  EXPECT_THAT(resolve("a.example").addresses, ElementsAre("192.0.2.2", "192.0.2.1"));
  resolver->blame("a.example");
  EXPECT_THAT(resolve("a.example").addresses, ElementsAre("192.0.2.1", "192.0.2.2"));
}

TEST_F(ResolverTest, AnswersAllWhoWaitForAName) {
  open();
  int answered = 0;
  resolver->resolve("a.example", [&](const Resolved&) { ++answered; });
  resolver->resolve("a.example", [&](const Resolved&) { ++answered; });
  system->say("a.example", std::vector<std::string>{"192.0.2.1"});
  while (answered < 2) loop.run_once();
  EXPECT_EQ(answered, 2);
  EXPECT_EQ(system->asked, 1);
}

TEST(LookUp, KnowsThisHost) {
  const auto found = look_up_by_system("localhost");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_THAT(*found, testing::Contains(testing::AnyOf("127.0.0.1", "::1")));
}

TEST(LookUp, TellsAsTheSystemDoesThatANameCannotBe) {
  const auto found = look_up_by_system(std::string(300, 'a'));  // too long to be asked for
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, Not(IsEmpty()));
}

}  // namespace
}  // namespace dingtail::deliver
