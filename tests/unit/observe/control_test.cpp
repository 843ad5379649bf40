#include "observe/control.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <thread>
#include <vector>

#include "loop/timer.h"
#include "support/temp_dir.h"

namespace dingtail::observe {
namespace {

using namespace std::chrono_literals;

class ControlTest : public testing::Test {
 protected:
  // Asks from another thread while the loop serves.
  base::Result<Reply> ask_served(const std::string& request) {
    base::Result<Reply> reply = base::fail(base::Code::kFailed, "not asked");
    std::thread client([&] {
      reply = ask(path, request, 10s);
      done = true;
    });
    while (!done) loop.run_once();
    client.join();
    return reply;
  }

  Reply handle(const std::string& request) {
    if (request == "large") return {0, std::string(4 << 20, 'x')};
    return {3, "you said " + request};
  }

  void SetUp() override {
    auto made = Control::listen(loop, path, [this](const std::string& request, Control::Answer answer) {
      if (request != "later") return answer(handle(request));
      waiting = std::move(answer);
      ++later;
    });
    ASSERT_TRUE(made) << made.error().what;
    control = std::move(*made);
    ticker.start(1ms);
  }

  test::TempDir dir;
  std::string path = dir / "control.sock";
  loop::Loop loop;
  std::atomic<bool> done = false;
  std::unique_ptr<Control> control;
  Control::Answer waiting;
  std::size_t later = 0;
  loop::Timer ticker{loop, [this] { ticker.start(1ms); }};  // so that run_once() looks at `done`
};

TEST_F(ControlTest, AnswersWithExitCodeAndText) {
  const auto reply = ask_served("status");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->exit_code, 3);
  EXPECT_EQ(reply->text, "you said status");
}

TEST_F(ControlTest, ALargeAnswerArrivesWhole) {
  const auto reply = ask_served("large");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->text.size(), 4U << 20);
}

TEST_F(ControlTest, AnAnswerMayComeLaterAndWhoeverAskedMayHaveGone) {
  std::thread gone([&] { EXPECT_EQ(ask(path, "later", 1ms).error().code, base::Code::kUnanswered); });
  while (!waiting) loop.run_once();
  gone.join();
  std::exchange(waiting, {})({0, "to nobody"});

  std::thread client([&] {
    const auto reply = ask(path, "later", 10s);
    EXPECT_TRUE(reply && reply->text == "at last");
    done = true;
  });
  while (!waiting) loop.run_once();
  std::exchange(waiting, {})({0, "at last"});
  while (!done) loop.run_once();
  client.join();
}

TEST_F(ControlTest, AnAgentThatEndsBeforeItAnsweredIsNoAnswer) {
  std::thread client([&] { EXPECT_EQ(ask(path, "later", 10s).error().code, base::Code::kUnanswered); });
  while (!waiting) loop.run_once();
  control.reset();
  client.join();
}

TEST_F(ControlTest, ThoseThatNeverAskTakeNoAnswerFromOneThatDid) {
  std::thread client([&] {
    const auto reply = ask(path, "later", 10s);
    EXPECT_TRUE(reply && reply->text == "at last");
  });
  while (!waiting) loop.run_once();
  std::vector<base::Fd> silent;
  for (int i = 0; i < 40; ++i) {
    sockaddr_un address{AF_UNIX, {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    silent.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(silent.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    loop.run_once();
  }
  EXPECT_TRUE(ask_served("status")) << "nor does one that asks now wait for them";
  std::exchange(waiting, {})({0, "at last"});
  client.join();
}

TEST_F(ControlTest, WhereManyWaitForAnAnswerOneMoreIsToldSo) {
  std::vector<std::thread> clients;
  for (std::size_t i = 1; i <= 16; ++i) {
    clients.emplace_back([&] { EXPECT_EQ(ask(path, "later", 10s).error().code, base::Code::kUnanswered); });
    while (later < i) loop.run_once();
  }
  const auto reply = ask_served("status");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->exit_code, 1);
  EXPECT_NE(reply->text.find("try again"), std::string::npos);
  control.reset();
  for (auto& client : clients) client.join();
}

TEST_F(ControlTest, ALargeQuestionArrivesWhole) {
  const auto reply = ask_served(std::string(100'000, 'q'));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->text.size(), 100'000 + std::string("you said ").size());
}

TEST_F(ControlTest, TheSocketIsForOwnerAndGroup) {
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0660U);
}

TEST_F(ControlTest, TheSocketOfALivingAgentIsNotTakenThatOfADeadOneIs) {
  EXPECT_EQ(Control::listen(loop, path, {}).error().code, base::Code::kBusy);
}

TEST(Control, AFileThatIsNoSocketIsLeftAlone) {
  const test::TempDir dir;
  loop::Loop loop;
  const auto file = dir.write("keep.txt", "precious");
  EXPECT_FALSE(Control::listen(loop, file, {}));
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(Control, NobodyThereIsNotFound) {
  const test::TempDir dir;
  EXPECT_EQ(ask(dir / "absent.sock", "status", 1s).error().code, base::Code::kNotFound);
}

TEST(Control, APathTooLongForASocketIsExplained) {
  loop::Loop loop;
  const auto made = Control::listen(loop, "/" + std::string(200, 'x'), {});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().what.find("set `control` to a shorter one"), std::string::npos);
}

TEST_F(ControlTest, ASocketThatIsDeletedOrReplacedCannotBeReachedAndAnothersIsLeftAlone) {
  EXPECT_TRUE(control->is_reachable());
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_FALSE(control->is_reachable());
  const auto other = Control::listen(loop, path, {});
  ASSERT_TRUE(other);
  EXPECT_FALSE(control->is_reachable());
  control.reset();
  EXPECT_TRUE((*other)->is_reachable());
}

}  // namespace
}  // namespace dingtail::observe
