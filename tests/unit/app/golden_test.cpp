// golden/CASE: a configuration, a log, and the messages that come of it, word for word. A new case needs no
// code.
//   log       HH:MM:SS PATH RECORD   read then (\n and \t in it are those); hours from 24 on are the next
//   day's
//             HH:MM:SS ! EVENT SUBJECT: DETAIL   a trouble of the agent
//             HH:MM:SS               time passes until then
//   messages  what each target got, with whom it calls
// On 2026-11-21, in China.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/notices.h"
#include "app/pipeline.h"
#include "base/text.h"

namespace dingtail::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kScreenLines = 18;    // of a phone, below the group's name
constexpr std::size_t kScreenColumns = 40;  // a Chinese character takes two

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

base::Event event_of(const std::string& name) {
  for (int i = 0;; ++i)
    if (base::name_of(static_cast<base::Event>(i)) == name) return static_cast<base::Event>(i);
}

class Player {
 public:
  explicit Player(const fs::path& directory) {
    ::setenv("TZ", "CST-8", 1);
    ::tzset();
    auto loaded = config::load({directory / "dingtail.toml", {}, config::UnsetSecret::kError});
    auto rules = compile(std::move(loaded.config), loaded.problems);
    for (const auto& problem : loaded.problems.sorted())
      if (problem.weight == config::Weight::kError) ADD_FAILURE() << config::print(problem);
    pipeline_.emplace(std::move(rules), Outbox{{}, [this](Outgoing message, base::Now) { take(message); }});
    std::istringstream log(content(directory / "log"));
    for (std::string line; std::getline(log, line);) play(line);
  }

  std::string said;
  std::vector<format::Message> messages;

 private:
  void play(const std::string& line) {
    std::istringstream words(line);
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    char colon = ':';
    std::string path;
    words >> hours >> colon >> minutes >> colon >> seconds >> path;
    pass_until(base::Mono(std::chrono::hours(hours) + std::chrono::minutes(minutes) +
                          std::chrono::seconds(seconds)));
    std::string rest;
    std::getline(words >> std::ws, rest);
    if (path == "!") return hear(rest);
    if (path.empty()) return;
    rest = base::replace_all(base::replace_all(rest, "\\n", "\n"), "\\t", "\t");
    pipeline_->read({rest, path, "log", tail::Block::Holds::kRecord}, now_);
  }

  void hear(const std::string& trouble) {
    std::istringstream words(trouble);
    std::string event;
    std::string subject;
    std::string detail;
    words >> event >> subject >> std::ws;
    std::getline(words, detail);
    subject.pop_back();
    notices_.hear({{event_of(event), subject, detail}}, now_);
  }

  void pass_until(base::Mono end) {
    const auto next = [this] {
      return std::min(pipeline_->alerts().next_deadline().value_or(base::Mono::max()),
                      notices_.next_deadline().value_or(base::Mono::max()));
    };
    for (auto due = next(); due <= end; due = next()) turn(std::max(due, now_.mono));
    turn(end);
  }

  void turn(base::Mono at) {
    using namespace std::chrono;
    now_ = {at, sys_days{year{2026} / 11 / 21} - hours(8) + at.time_since_epoch()};
    pipeline_->tick(now_);
    for (const auto& notice : notices_.tick(pipeline_->config(), now_)) take(notice);
  }

  void take(const Outgoing& out) {
    const auto& [title, text, plain, at] = out.message;
    std::string called;
    for (const auto* people : {&at.mobiles, &at.user_ids})
      for (const auto& person : *people) called += " " + person;
    if (at.all) called += " all";
    said += "==== " + base::print_clock(now_.wall) + " " + out.target +
            (called.empty() ? "" : ", calls" + called) + "\n" + title + "\n----\n" + text + "\n";
    messages.push_back(out.message);
  }

  std::optional<Pipeline> pipeline_;
  Notices notices_;
  base::Now now_;
};

std::size_t columns_of(std::string_view text) {
  std::size_t out = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) ++out;
    if (byte >= 0xC0) out += byte >= 0xE3 ? 2 : 1;
  }
  return out;
}

// The lines of the screen that the text takes up to the first line of its first quote, or to its end.
std::size_t lines_until_sample(const std::string& text) {
  std::size_t out = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    out += line.empty() ? 1 : (columns_of(line) + kScreenColumns - 1) / kScreenColumns;
    if (line.starts_with("> ")) break;
  }
  return out;
}

std::vector<std::string> cases() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(GOLDEN_DIRECTORY))
    if (fs::exists(entry.path() / "log")) out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, LogGivesTheseMessages) {
  const auto directory = fs::path(GOLDEN_DIRECTORY) / GetParam();
  const Player played(directory);
  EXPECT_EQ(played.said, content(directory / "messages"));
}

TEST_P(Golden, MessagesTellAllOnAPhonesFirstScreen) {
  const Player played(fs::path(GOLDEN_DIRECTORY) / GetParam());
  EXPECT_FALSE(played.messages.empty());
  for (const auto& message : played.messages)
    EXPECT_LE(lines_until_sample(message.text), kScreenLines) << message.text;
}

INSTANTIATE_TEST_SUITE_P(Case, Golden, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace dingtail::app
