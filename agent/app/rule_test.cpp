#include "app/rule_test.h"

#include <algorithm>
#include <ctime>
#include <optional>

#include "app/pipeline.h"
#include "base/text.h"
#include "tail/multiline.h"

namespace dingtail::app {
namespace {

constexpr base::Millis kNoon = std::chrono::hours(12);

// A day without a change of clocks in any zone worth naming.
base::Wall midnight() {
  std::tm day{};
  day.tm_year = 126;
  day.tm_mday = 15;
  day.tm_isdst = -1;
  return std::chrono::time_point_cast<base::Millis>(
      std::chrono::system_clock::from_time_t(std::mktime(&day)));
}

// The source that the test's lines come from: as configured or, where it isn't here, of plain lines.
config::Source source_of(const config::Rule& rule, const config::Config& config,
                         const config::RuleTest& test) {
  config::Source source;
  source.name = !test.source.value.empty() ? test.source.value
                : rule.sources.empty()     ? "test"
                                           : rule.sources.front().value;
  for (const auto& configured : config.sources)
    if (configured.name == source.name) return configured;
  return source;
}

std::unique_ptr<RuleSet> only(const config::Rule& rule, const config::Config& config,
                              const config::Source& source) {
  config::Config alone;
  alone.labels = config.labels;
  alone.language = config.language;
  alone.sources = {source};
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
      : rule_(rule),
        test_(test),
        source_(source_of(rule, config, test)),
        pipeline_(only(rule, config, source_),
                  {{}, [this](Outgoing out, base::Now) { collect(std::move(out)); }}),
        midnight_(midnight()) {
    if (source_.multiline)
      multiline_.emplace(*source_.multiline, pipeline_.line_starts().front(), source_.max_record_bytes);
  }

  void play() {
    set_clock(first_time());
    for (const auto& line : test_.lines) {
      if (line.at) pass_until(base::Mono{*line.at});
      read(line.text);
    }
    const auto open = record_is_open() ? source_.multiline->timeout : base::Millis{0};
    pass_until(now_.mono + test_.advance.value_or(open + rule_.group_wait));
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

  void read(const std::string& text) {
    const std::string lines = text.ends_with('\n') ? text : text + '\n';
    tail::for_each_record({lines, {}, {}}, [this](std::string_view line) {
      if (!multiline_) return match(base::utf8_prefix(line, source_.max_record_bytes));
      if (const auto record = multiline_->add(line)) match(*record);
      record_due_ = now_.mono + source_.multiline->timeout;
    });
  }

  void match(std::string_view record) {
    const std::string_view path = test_.path.empty() ? "test.log" : std::string_view(test_.path);
    pipeline_.read({record, path, source_.name, tail::Block::Holds::kRecord}, now_,
                   [this](const match::Hit& hit) { last_hit_ = hit.fields; });
    pipeline_.tick(now_);
  }

  bool record_is_open() const { return multiline_ && multiline_->is_open(); }

  void pass_until(base::Mono end) {
    while (true) {
      auto due = pipeline_.alerts().next_deadline();
      if (record_is_open()) due = std::min(due.value_or(record_due_), record_due_);
      if (!due || *due > end) break;
      set_clock(std::max(*due, now_.mono).time_since_epoch());
      if (record_is_open() && now_.mono >= record_due_) match(*multiline_->end());
      pipeline_.tick(now_);
    }
    set_clock(end.time_since_epoch());
    pipeline_.tick(now_);
  }

  void collect(Outgoing out) {
    events_.emplace_back(config::name_of(out.event));
    messages_.push_back(std::move(out.message));
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
  config::Source source_;
  Pipeline pipeline_;
  std::optional<tail::Multiline> multiline_;  // where the source has it
  base::Mono record_due_{};                   // its open record is complete then
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
