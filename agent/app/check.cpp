#include <algorithm>
#include <iostream>

#include "app/commands.h"
#include "app/json.h"
#include "app/options.h"
#include "app/ruleset.h"

namespace dingtail::app {
namespace {

std::vector<std::filesystem::path> paths_of(const std::vector<std::string>& files) {
  return {files.begin(), files.end()};
}

// The configuration that `files` would make as candidates: of the main file where there is one, else of them
// alone.
config::Loaded load_candidates(const ConfigOption& option, const std::vector<std::string>& files) {
  auto main = main_file(option);
  if (main.empty() && files.empty()) main = option.path;  // it is missing: let that be told
  return config::load({main, paths_of(files), config::UnsetSecret::kWarning});
}

std::size_t count(const std::vector<config::Problem>& problems, config::Weight weight) {
  return static_cast<std::size_t>(
      std::count_if(problems.begin(), problems.end(),
                    [&](const config::Problem& problem) { return problem.weight == weight; }));
}

void print_report(const TestReport& report, const std::vector<config::Rule>& rules) {
  for (const auto& failure : report.failures)
    std::cout << failure.place.file << ':' << failure.place.line << ": rule " << failure.rule << ": "
              << failure.what << ": expected " << failure.expected << ", got " << failure.got << '\n';
  const auto untested =
      std::count_if(rules.begin(), rules.end(), [](const auto& rule) { return rule.tests.empty(); });
  if (untested > 0) std::cout << untested << " of " << rules.size() << " rules have no test\n";
  std::cout << report.passed << " passed, " << report.failed << " failed\n";
}

}  // namespace

int check(const ConfigOption& option, const std::vector<std::string>& files, Output output) {
  auto loaded = load_candidates(option, files);
  const auto rules = compile(std::move(loaded.config), loaded.problems);
  const auto problems = loaded.problems.sorted();
  if (output == Output::kJson) {
    std::cout << to_json(problems) << '\n';
  } else {
    for (const auto& problem : problems) std::cout << config::print(problem) << '\n';
    const auto& config = rules->config;
    std::cout << (loaded.problems.failed() ? "invalid" : "valid") << ": "
              << count(problems, config::Weight::kError) << " errors, "
              << count(problems, config::Weight::kWarning) << " warnings in " << config.rules.size()
              << " rules, " << config.sources.size() << " sources, " << config.targets.size() << " targets\n";
  }
  return loaded.problems.failed() ? 1 : 0;
}

int test(const ConfigOption& option, const std::vector<std::string>& files, Output output) {
  const bool built_in = files.empty() && main_file(option).empty();
  auto loaded = built_in ? config::load_without_file(personal_state_dir()) : load_candidates(option, files);
  set_time_zone(loaded.config.timezone);
  const auto rules = compile(std::move(loaded.config), loaded.problems);
  if (loaded.problems.failed()) {
    const auto problems = loaded.problems.sorted();
    complain(problems);
    if (output == Output::kJson) std::cout << error_json("the configuration is invalid", problems) << '\n';
    return 1;
  }
  std::vector<config::Rule> tested = rules->config.rules;
  if (!files.empty())
    std::erase_if(tested, [&](const config::Rule& rule) {
      return std::none_of(files.begin(), files.end(), [&](const std::string& file) {
        std::error_code error;
        return std::filesystem::equivalent(file, rule.place.file, error);
      });
    });
  TestReport report;
  for (const auto& rule : tested) run_tests(rule, rules->config, report);
  if (output == Output::kJson)
    std::cout << to_json(report) << '\n';
  else
    print_report(report, tested);
  return report.failed == 0 ? 0 : 1;
}

}  // namespace dingtail::app
