// golden/CASE: a configuration, a log, and the messages that come of it, word for word. A new case needs no
// code.
//   log       HH:MM:SS PATH RECORD   read then (\n and \t in it are those); hours from 24 on are the next
//   day's
//             HH:MM:SS ! EVENT SUBJECT: DETAIL   a trouble of the agent
//             HH:MM:SS               time passes until then
//   messages  what each target got, with whom it calls
//   digests   what each would be told at the end by a robot that took nothing: a line an alert, a line a rule
// On 2026-11-21, in China.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "app/delivery.h"
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
  enum class Robot { kTakesAll, kTakesNothing };
  Player(const fs::path& directory, Robot robot) : robot_(robot) {
    ::setenv("TZ", "CST-8", 1);
    ::tzset();
    auto loaded = config::load({directory / "dingtail.toml", {}, config::UnsetSecret::kError});
    auto rules = compile(std::move(loaded.config), loaded.problems);
    for (const auto& problem : loaded.problems.sorted())
      if (problem.weight == config::Weight::kError) ADD_FAILURE() << config::print(problem);
    pipeline_.emplace(std::move(rules),
                      Outbox{[this](const auto& target, const auto& alert) { return waiting(target, alert); },
                             [this](Outgoing message, base::Now) { take(std::move(message)); }});
    std::istringstream log(content(directory / "log"));
    for (std::string line; std::getline(log, line);) play(line);
  }

  std::string said;
  std::vector<format::Message> messages;

  // Of all that waits: an alert a line, and a rule a line.
  void tell_digests() {
    for (const auto& target : pipeline_->config().targets) {
      std::vector<format::DigestLine> lines;
      for (const auto& each : waiting_)
        if (each.target == target.name) lines.push_back(each.line);
      tell_digest(target, lines);
      tell_digest(target, by_rule(lines));
    }
  }

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
    for (const auto& notice : notices_.tick(pipeline_->config(), pipeline_->redaction(), now_)) take(notice);
  }

  // The message of that alert that nobody was told of yet.
  std::vector<Outgoing>::iterator find(const std::string& target, const std::string& alert) {
    return std::ranges::find_if(waiting_, [&](const Outgoing& each) {
      return !alert.empty() && each.target == target && each.alert == alert;
    });
  }

  std::optional<std::string> waiting(const std::string& target, const std::string& alert) {
    const auto at = find(target, alert);
    return at == waiting_.end() ? std::nullopt : std::optional(at->report);
  }

  void take(Outgoing out) {
    if (robot_ == Robot::kTakesAll) return tell(out.target, std::move(out.message));
    if (const auto at = find(out.target, out.alert); at != waiting_.end())
      *at = std::move(out);
    else
      waiting_.push_back(std::move(out));
  }

  void tell(const std::string& target, format::Message message) {
    std::string called;
    for (const auto* people : {&message.at.mobiles, &message.at.user_ids})
      for (const auto& person : *people) called += " " + person;
    if (message.at.all) called += " all";
    said += "==== " + base::print_clock(now_.wall) + " " + target +
            (called.empty() ? "" : ", calls" + called) + "\n" + message.title + "\n----\n" + message.text +
            "\n";
    messages.push_back(std::move(message));
  }

  static std::vector<format::DigestLine> by_rule(const std::vector<format::DigestLine>& lines) {
    std::map<std::string, format::DigestLine> rules;
    for (const auto& line : lines) {
      auto& rule = rules[line.rule];
      rule.rule = line.rule;
      rule.of_rule = true;
      format::merge(rule, line);
    }
    std::vector<format::DigestLine> out;
    for (auto& [name, rule] : rules) out.push_back(std::move(rule));
    return out;
  }

  void tell_digest(const config::Target& target, std::vector<format::DigestLine> lines) {
    std::ranges::stable_sort(lines, {}, format::order_of);
    std::vector<const format::DigestLine*> pointers;
    for (const auto& line : lines) pointers.push_back(&line);
    auto digest = format::digest(pointers, delivery_target(target, pipeline_->config()).digest, now_);
    EXPECT_EQ(digest.told, lines.size());
    tell(target.name, std::move(digest.message));
  }

  Robot robot_;
  std::optional<Pipeline> pipeline_;
  Notices notices_;
  std::vector<Outgoing> waiting_;
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
  const Player played(directory, Player::Robot::kTakesAll);
  EXPECT_EQ(played.said, content(directory / "messages"));
}

TEST_P(Golden, LogGivesTheseDigests) {
  const auto directory = fs::path(GOLDEN_DIRECTORY) / GetParam();
  Player played(directory, Player::Robot::kTakesNothing);
  played.tell_digests();
  EXPECT_EQ(played.said, content(directory / "digests"));
}

TEST_P(Golden, MessagesTellAllOnAPhonesFirstScreen) {
  const Player played(fs::path(GOLDEN_DIRECTORY) / GetParam(), Player::Robot::kTakesAll);
  EXPECT_FALSE(played.messages.empty());
  for (const auto& message : played.messages)
    EXPECT_LE(lines_until_sample(message.text), kScreenLines) << message.text;
}

INSTANTIATE_TEST_SUITE_P(Case, Golden, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace dingtail::app
