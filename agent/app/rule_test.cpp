#include "app/rule_test.h"

#include <algorithm>
#include <ctime>
#include <optional>

#include "app/pipeline.h"
#include "base/text.h"

namespace dingtail::app {
namespace {

constexpr base::Millis kNoon = std::chrono::hours(12);
constexpr std::size_t kMaxRecordBytes = 256UL * 1024;

// A day without a change of clocks in any zone worth naming.
base::Wall midnight() {
  std::tm day{};
  day.tm_year = 126;
  day.tm_mday = 15;
  day.tm_isdst = -1;
  return std::chrono::time_point_cast<base::Millis>(
      std::chrono::system_clock::from_time_t(std::mktime(&day)));
}

std::unique_ptr<RuleSet> only(const config::Rule& rule, const config::Config& config) {
  config::Config alone;
  alone.labels = config.labels;
  alone.language = config.language;
  alone.rules = {rule};
  alone.rules.front().targets.reset();
  config::Target console;
  console.name = "console";
  console.type = config::TargetType::kConsole;
  console.language = config.language;
  alone.targets = {console};
  config::Problems none;
  return compile(std::move(alone), none);
}

// One test under way: the pipeline, its clock, and what came out.
class Run {
 public:
  Run(const config::Rule& rule, const config::Config& config, const config::RuleTest& test)
      : rule_(rule), test_(test), pipeline_(only(rule, config)), midnight_(midnight()) {}

  void play() {
    set_clock(first_time());
    for (const auto& line : test_.lines) {
      if (line.at) pass_until(base::Mono{*line.at});
      read(line.text);
    }
    pass_until(now_.mono + test_.advance.value_or(rule_.group_wait));
  }

  void judge(std::vector<TestFailure>& failures) {
    failures_ = &failures;
    const auto& counts = pipeline_.alerts().counts().front();
    const auto& expect = test_.expect;
    if (expect.hits) compare("hits", std::to_string(*expect.hits), std::to_string(counts.hits));
    if (expect.alerts) compare("alerts", std::to_string(*expect.alerts), std::to_string(counts.alerts));
    for (const auto& [name, value] : expect.captures) {
      const auto found = last_hit_.find(name);
      compare("capture " + name, value, found == last_hit_.end() ? "(none)" : found->second);
    }
    if (expect.events) compare("events", base::join(*expect.events, ", "), base::join(events_, ", "));
    for (const auto& text : expect.message_contains)
      if (!said(text)) compare("message", "one that contains \"" + text + "\"", all_messages());
  }

 private:
  base::Millis first_time() const {
    const auto timed = std::find_if(test_.lines.begin(), test_.lines.end(),
                                    [](const auto& line) { return line.at.has_value(); });
    return timed == test_.lines.end() ? kNoon : *timed->at;
  }

  void set_clock(base::Millis since_midnight) {
    now_ = {base::Mono{since_midnight}, midnight_ + since_midnight};
  }

  void read(const std::string& line) {
    const std::string source = !test_.source.empty()   ? test_.source
                               : rule_.sources.empty() ? "test"
                                                       : rule_.sources.front().value;
    const std::string path = test_.path.empty() ? "test.log" : test_.path;
    pipeline_.read({line, path, source, kMaxRecordBytes}, now_,
                   [this](const match::Hit& hit) { last_hit_ = hit.fields; });
    collect();
  }

  void pass_until(base::Mono end) {
    while (true) {
      const auto due = pipeline_.alerts().next_deadline();
      if (!due || *due > end) break;
      set_clock(std::max(*due, now_.mono).time_since_epoch());
      collect();
    }
    set_clock(end.time_since_epoch());
    collect();
  }

  void collect() {
    for (auto& out : pipeline_.tick(now_)) {
      events_.emplace_back(config::name_of(out.event));
      messages_.push_back(std::move(out.message));
    }
  }

  bool said(const std::string& text) const {
    return std::any_of(messages_.begin(), messages_.end(), [&](const format::Message& message) {
      return message.plain.find(text) != std::string::npos || message.text.find(text) != std::string::npos ||
             message.title.find(text) != std::string::npos;
    });
  }

  std::string all_messages() const {
    std::string out;
    for (const auto& message : messages_) out += (out.empty() ? "" : "\n---\n") + message.plain;
    return out.empty() ? "no message" : out;
  }

  void compare(std::string what, std::string expected, std::string got) {
    if (expected != got)
      failures_->push_back({rule_.name, test_.place, std::move(what), std::move(expected), std::move(got)});
  }

  const config::Rule& rule_;
  const config::RuleTest& test_;
  Pipeline pipeline_;
  base::Wall midnight_;
  base::Now now_;
  match::Fields last_hit_;
  std::vector<std::string> events_;
  std::vector<format::Message> messages_;
  std::vector<TestFailure>* failures_ = nullptr;
};

}  // namespace

void run_tests(const config::Rule& rule, const config::Config& config, TestReport& report) {
  for (const auto& test : rule.tests) {
    Run run(rule, config, test);
    run.play();
    const std::size_t before = report.failures.size();
    run.judge(report.failures);
    ++(report.failures.size() == before ? report.passed : report.failed);
  }
}

}  // namespace dingtail::app
