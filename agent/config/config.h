// Every key of the configuration and of rules, once, as plain values. Made by load.h, then never changed: the
// agent compiles it (match/, format/) and replaces it whole at a reload. Secrets are expanded and held as
// Secret.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "config/problem.h"

namespace dingtail::config {

// A value and where it was written, for errors found later than reading.
template <class T>
struct Located {
  T value;
  Place place;
};

enum class Severity { kInfo, kWarning, kError, kCritical };
inline constexpr std::array kSeverities = {Severity::kInfo, Severity::kWarning, Severity::kError,
                                           Severity::kCritical};
std::string_view name_of(Severity severity);

enum class Language { kEnglish, kChinese };

// What a message can be about; named in `events` and in `mention.on`.
enum class EventKind { kFiring, kRepeat, kResolved };
std::string_view name_of(EventKind kind);

// One text for all languages, or one for each.
struct Text {
  std::map<Language, Located<std::string>> by_language;

  // The text in that language, else in English, else in any; null where there is none.
  [[nodiscard]] const Located<std::string>* in(Language language) const;
};

struct Mention {
  std::vector<std::string> mobiles;
  std::vector<std::string> user_ids;
  bool all = false;
  std::vector<EventKind> on = {EventKind::kFiring};
};

struct Samples {
  std::size_t max = 3;    // how many different samples a message shows
  std::size_t lines = 6;  // how many lines of each
};

enum class ReadFrom { kEnd, kBeginning };

// How lines are joined to records: by what begins one, or as a language prints its stack traces.
struct Multiline {
  enum class Preset { kNone, kJava, kPython, kGo };

  Located<std::string> start;  // RE2: a line that matches begins a record; empty with a preset
  Preset preset = Preset::kNone;
  std::size_t max_lines = 500;                     // of one record; the next line begins another
  base::Millis timeout = std::chrono::seconds(2);  // without a further line the record is complete
};

struct Source {
  std::string name;
  std::vector<std::string> paths;    // absolute globs: * ? [..] {a,b} **
  std::vector<std::string> exclude;  // globs over the whole path
  ReadFrom read_from = ReadFrom::kEnd;
  std::size_t max_record_bytes = 256UL * 1024;
  std::vector<std::string> encoding = {"utf-8"};  // iconv names, tried in order for each record
  std::optional<Multiline> multiline;             // none: each line is a record
  Located<std::string> path_labels;  // RE2: named captures of the path become labels; empty: none
  Place place;
};

enum class TargetType { kDingtalk, kConsole };

struct Robot {
  base::Secret webhook;  // the URL with its access_token
  base::Secret secret;   // empty: the robot does not sign
  std::vector<std::string> keywords;
};

struct Target {
  std::string name;
  TargetType type = TargetType::kDingtalk;
  std::vector<Robot> robots;  // of one group, sharing what there is to send; none: it is no robot's
  Mention mention;
  std::vector<EventKind> events = {EventKind::kFiring, EventKind::kRepeat, EventKind::kResolved};
  std::uint32_t per_minute = 18;  // of each robot
  std::string proxy;    // http://, https:// or socks5h://; empty: the environment's (https_proxy, no_proxy)
  std::string ca_file;  // PEM: trusted besides the system's issuers; empty: those alone
  Language language = Language::kEnglish;
  Place place;
};

// What of a record is shown to nobody: numbers or secrets of a known form, or what a pattern matches.
struct Redact {
  enum class Preset { kCnMobile, kCnIdCard, kBankCard, kSecret };

  std::vector<Preset> presets;
  Located<std::string> pattern;                // RE2; empty: none
  Located<std::string> replace = {"***", {}};  // what stands in its place; ${1} and ${name} are its groups
};

// The condition of a rule: `count` hits of one key within `within`. Without a condition every hit meets it:
// count 1.
struct When {
  std::uint32_t count = 1;
  base::Millis within{0};
};

struct TestLine {
  std::string text;
  std::optional<base::Millis> at;  // since the test's midnight
};

struct Expectation {
  std::optional<std::uint64_t> hits;
  std::optional<std::uint64_t> alerts;
  std::map<std::string, std::string> captures;  // of the last hit
  std::optional<std::vector<std::string>> events;
  std::vector<std::string> message_contains;
};

struct RuleTest {
  Located<std::string> source;  // empty: the rule's first, else one of plain lines
  std::string path;
  std::vector<TestLine> lines;
  std::optional<base::Millis> advance;
  Expectation expect;
  Place place;
};

struct Rule {
  std::string name;
  std::vector<Located<std::string>> match;  // RE2; a record matches when any of them does
  std::vector<Located<std::string>> exclude;
  Text summary;
  Text title;
  Severity severity = Severity::kWarning;
  std::vector<Located<std::string>> sources;  // empty: all
  std::vector<Located<std::string>> group_by;
  When when;
  std::map<std::string, std::string> labels;
  std::optional<std::vector<Located<std::string>>> targets;  // none: the default ones; empty: nowhere
  std::optional<Mention> mention;
  base::Millis group_wait{0};
  base::Millis repeat_interval{0};
  base::Millis repeat_max{0};
  std::optional<base::Millis> resolve_after;
  std::string runbook;
  Samples samples;
  std::vector<RuleTest> tests;
  Place place;
};

struct Limits {
  std::size_t outbox_bytes = 64UL << 20;  // of what waits; more is merged, never dropped; on stdout, left out
};

struct Config {
  std::string state_dir = "/var/lib/dingtail";
  std::string control;  // the control socket; default: control.sock in state_dir
  Language language = Language::kEnglish;
  std::string timezone;                               // empty: the host's
  std::vector<Located<std::string>> default_targets;  // empty: every target
  // Who hears of the agent's own troubles; none: default_targets, empty: nobody.
  std::optional<std::vector<Located<std::string>>> agent_targets;
  std::map<std::string, std::string> labels;
  Limits limits;
  std::vector<Source> sources;
  std::vector<Target> targets;
  std::vector<Rule> rules;
  std::vector<Redact> redacts;  // each of what those before it left
};

// The targets of these names, in the configuration's order; without names the default ones, else all. They
// live as long as the configuration.
std::vector<const Target*> targets_of(const Config& config,
                                      const std::optional<std::vector<Located<std::string>>>& names);

// A digest of what decides which records are hits and how they are grouped (match, exclude, sources,
// group_by, when): where it changed, the rule's open alerts end. Of the rule alone: where a source's
// `path_labels` give other values, the keys of the old ones end by themselves.
std::string matching_hash(const Rule& rule);
// A digest of all rules, shown by `status`.
std::string rules_hash(const std::vector<Rule>& rules);

}  // namespace dingtail::config
