// Runs the tests that stand in rule files: a test's lines go through the same pipeline as a log's, on a clock
// of its own. Only the rule that a test belongs to runs in it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/config.h"

namespace dingtail::app {

struct TestFailure {
  std::string rule;
  config::Place place;  // of the test
  std::string what;     // "hits", "alerts", "capture src", "events", "message"
  std::string expected;
  std::string got;
};

struct TestReport {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::vector<TestFailure> failures;  // a failed test may have several
};

// The tests of one rule. REQUIRES: the rule's patterns and templates compile, and those of the sources.
// Where a test's source is configured, its `multiline` and `path_labels` hold for the test's lines and path.
// A line without `at` arrives with the one before it, the first ones with the first `at`. After the last line
// `advance` passes or, without it, just enough for the first message.
void run_tests(const config::Rule& rule, const config::Config& config, TestReport& report);

}  // namespace dingtail::app
