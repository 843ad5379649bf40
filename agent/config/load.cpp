#include "config/load.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "config/include.h"
#include "config/packs.h"
#include "config/read.h"
#include "config/secrets.h"

namespace dingtail::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFileBytes = 4U << 20;
constexpr std::size_t kLeastOutboxBytes = 1U << 20;

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known,
                         const std::string& otherwise = {}) {
  const auto meant = base::nearest(word, known);
  return meant ? "did you mean \"" + std::string(*meant) + "\"?" : otherwise;
}

// Gathers documents first, so that [defaults] of any file hold for the rules of every file.
class Loader {
 public:
  explicit Loader(const LoadOptions& options) : options_(options), unused_(options.candidates) {
    reading_.unset_secret = options.unset_secret;
  }

  void read_all() {
    if (!options_.main.empty()) read_file(options_.main.string(), {});
    while (!unused_.empty()) {
      const auto next = unused_.front().string();
      read_file(next, {});
    }
  }

  void read_pack(const Pack& pack) {
    const std::string file = "pack:" + std::string(pack.name);
    if (visited_.insert(file).second) documents_.push_back(parse(file, pack.text, reading_.problems));
  }

  // The files that were read, by canonical path.
  [[nodiscard]] const std::set<std::string>& visited() const { return visited_; }

  Loaded finish() {
    for (const auto& document : documents_) read_globals(document);
    for (const auto& document : documents_) read_items(document);
    check_names();
    check_references();
    return {std::move(config_), std::move(reading_.problems)};
  }

 private:
  void read_file(const std::string& file, const Place& from);
  std::string candidate_for(const std::string& file);
  void read_includes(TableReader& root);
  void read_packs(TableReader& root);
  void read_globals(const Node& document);
  void read_limits(const Node& node);
  void read_items(const Node& document);
  void check_names();
  void check_references();
  void check_targets(const std::vector<Located<std::string>>& names, std::span<const std::string_view> known);
  template <class Item>
  void check_unique(const std::vector<Item>& items, std::string_view what);

  const LoadOptions& options_;
  std::vector<fs::path> unused_;  // candidates that stand for no file yet
  Reading reading_;
  std::set<std::string> visited_;
  std::vector<Node> documents_;
  Defaults defaults_;
  Config config_;
};

std::string Loader::candidate_for(const std::string& file) {
  const auto same_name = [&](const fs::path& candidate) {
    return candidate.filename() == fs::path(file).filename();
  };
  const auto found = std::find_if(unused_.begin(), unused_.end(), same_name);
  if (found == unused_.end()) return file;
  std::string candidate = found->string();
  unused_.erase(found);
  return candidate;
}

void Loader::read_file(const std::string& file, const Place& from) {
  std::error_code error;
  const auto real = fs::weakly_canonical(file, error).string();
  if (!visited_.insert(real.empty() ? file : real).second) {
    std::erase(unused_, fs::path(file));
    return;
  }
  const std::string actual = candidate_for(file);
  auto text = base::read_file(actual, kMostFileBytes);
  if (!text) {
    const Place place = from.file.empty() ? Place{actual} : from;
    reading_.problems.error(place, "cannot read " + actual + ": " + text.error().what,
                            "correct its name, or give the agent's user the right to read it");
    return;
  }
  if (is_open_to_others(actual, Access::kWrite))
    reading_.problems.warning({actual}, "others may write this file, and so say where alerts go",
                              "chmod o-w it");
  reading_.directories[actual] = fs::absolute(file, error).parent_path();
  documents_.push_back(parse(actual, *text, reading_.problems));
  const Node document = documents_.back();
  TableReader root(document, "the file", reading_);
  read_packs(root);
  read_includes(root);
}

void Loader::read_includes(TableReader& root) {
  for (const auto& pattern : root.strings("include"))
    for (const auto& file : included_files(pattern, root.directory(), reading_.problems))
      read_file(file, pattern.place);
}

void Loader::read_packs(TableReader& root) {
  std::vector<std::string_view> names;
  for (const auto& pack : packs()) names.push_back(pack.name);
  for (const auto& wanted : root.strings("packs")) {
    const auto found = std::find(names.begin(), names.end(), wanted.value);
    if (found != names.end()) {
      read_pack(packs()[static_cast<std::size_t>(found - names.begin())]);
      continue;
    }
    std::string all;
    for (const auto name : names) all += (all.empty() ? "" : ", ") + std::string(name);
    reading_.problems.error(wanted.place, "there is no pack \"" + wanted.value + "\"",
                            did_you_mean(wanted.value, names, "shipped are " + all));
  }
}

void Loader::read_globals(const Node& document) {
  TableReader root(document, "the file", reading_);
  root.find("include");
  root.find("packs");
  if (const auto path = root.string("state_dir"))
    config_.state_dir = (root.directory() / path->value).string();
  if (const auto path = root.string("control")) config_.control = (root.directory() / path->value).string();
  if (const auto language = read_language(root)) config_.language = *language;
  if (const auto zone = root.string("timezone")) {
    config_.timezone = zone->value;
    if (std::error_code error; !fs::is_regular_file(fs::path("/usr/share/zoneinfo") / zone->value, error))
      reading_.problems.error(zone->place, "there is no time zone \"" + zone->value + "\" on this host",
                              "write one of /usr/share/zoneinfo, such as \"Asia/Shanghai\" (package tzdata)");
  }
  for (auto& target : root.strings("default_targets")) config_.default_targets.push_back(std::move(target));
  if (root.find("agent_targets") != nullptr) {
    if (!config_.agent_targets) config_.agent_targets.emplace();
    for (auto& target : root.strings("agent_targets")) config_.agent_targets->push_back(std::move(target));
  }
  for (auto& [name, value] : root.string_table("labels")) config_.labels[name] = value;
  if (const Node* limits = root.table("limits")) read_limits(*limits);
  if (const Node* defaults = root.table("defaults")) defaults_ = read_defaults(*defaults, reading_);
  for (const auto* key : {"source", "target", "rule", "redact"}) root.find(key);
  root.finish({"listen", "calendar", "route", "inhibit", "override", "table", "digest"});
}

void Loader::read_limits(const Node& node) {
  TableReader table(node, "[limits]", reading_);
  if (const auto bytes = table.size("outbox")) {
    config_.limits.outbox_bytes = *bytes;
    if (*bytes < kLeastOutboxBytes)
      reading_.problems.error(table.find("outbox")->place, "`outbox` is less than 1MiB",
                              "a few messages must fit in: the default is 64MiB");
  }
  table.finish({"state_memory"});
}

void Loader::read_items(const Node& document) {
  TableReader root(document, "the file", reading_);
  for (const Node* node : root.tables("source")) config_.sources.push_back(read_source(*node, reading_));
  for (const Node* node : root.tables("target"))
    config_.targets.push_back(read_target(*node, config_.language, reading_));
  for (const Node* node : root.tables("rule")) config_.rules.push_back(read_rule(*node, defaults_, reading_));
  for (const Node* node : root.tables("redact")) config_.redacts.push_back(read_redact(*node, reading_));
}

template <class Item>
void Loader::check_unique(const std::vector<Item>& items, std::string_view what) {
  std::map<std::string, Place> seen;
  for (const auto& item : items) {
    if (item.name.empty()) continue;
    const auto [first, fresh] = seen.emplace(item.name, item.place);
    if (fresh) continue;
    reading_.problems.error(item.place, std::string(what) + " \"" + item.name + "\" is there twice",
                            "the first stands at " + first->second.file + ":" +
                                std::to_string(first->second.line) + ": rename one of them");
  }
}

void Loader::check_names() {
  check_unique(config_.sources, "source");
  check_unique(config_.targets, "target");
  check_unique(config_.rules, "rule");
}

void Loader::check_targets(const std::vector<Located<std::string>>& names,
                           std::span<const std::string_view> known) {
  for (const auto& name : names) {
    if (std::find(known.begin(), known.end(), name.value) != known.end()) continue;
    const std::string message = "there is no target \"" + name.value + "\"";
    const auto hint = did_you_mean(name.value, known, "add a [[target]] of that name");
    if (options_.main.empty())
      reading_.problems.warning(name.place, message, "the configuration it belongs to was not read");
    else
      reading_.problems.error(name.place, message, hint);
  }
}

void Loader::check_references() {
  std::vector<std::string_view> targets;
  std::vector<std::string_view> sources;
  for (const auto& target : config_.targets) targets.push_back(target.name);
  for (const auto& source : config_.sources) sources.push_back(source.name);
  check_targets(config_.default_targets, targets);
  if (config_.agent_targets) check_targets(*config_.agent_targets, targets);
  for (const auto& rule : config_.rules) {
    if (rule.targets) check_targets(*rule.targets, targets);
    const auto check_source = [&](const Located<std::string>& source, const std::string& whose,
                                  const std::string& what_follows) {
      if (std::find(sources.begin(), sources.end(), source.value) != sources.end()) return;
      auto what = whose + " names source \"";
      what.append(source.value).append("\", which this host lacks: ").append(what_follows);
      reading_.problems.warning(source.place, std::move(what), did_you_mean(source.value, sources));
    };
    for (const auto& source : rule.sources)
      check_source(source, "rule \"" + rule.name + "\"", "it rests there");
    for (const auto& test : rule.tests)
      if (!test.source.value.empty())
        check_source(test.source, "a test of rule \"" + rule.name + "\"",
                     "its lines are taken for plain ones");
  }
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : std::string(base::trim(value));
}

}  // namespace

Loaded load(const LoadOptions& asked) {
  auto options = asked;
  if (!options.main.empty() && !options.candidates.empty()) {
    // A candidate that the configuration includes as it is replaces nothing, nor a namesake of it elsewhere.
    const LoadOptions without{options.main, {}, options.unset_secret};
    Loader plain(without);
    plain.read_all();
    std::erase_if(options.candidates, [&](const fs::path& candidate) {
      std::error_code error;
      return plain.visited().contains(fs::weakly_canonical(candidate, error).string());
    });
  }
  Loader loader(options);
  loader.read_all();
  auto loaded = loader.finish();
  if (loaded.config.control.empty()) loaded.config.control = loaded.config.state_dir + "/control.sock";
  return loaded;
}

Loaded load_without_file(const std::string& state_dir) {
  const LoadOptions options;
  Loader loader(options);
  for (const auto& pack : packs()) loader.read_pack(pack);
  const bool robot = !from_environment("DINGTALK_WEBHOOK").empty();
  constexpr std::string_view kRobot =
      "[[target]]\nname = \"robot\"\ntype = \"dingtalk\"\nwebhook = \"${env:DINGTALK_WEBHOOK}\"\n";
  constexpr std::string_view kSecret = "secret = \"${env:DINGTALK_SECRET}\"\n";
  constexpr std::string_view kConsole = "[[target]]\nname = \"console\"\ntype = \"console\"\n";
  std::string text(robot ? kRobot : kConsole);
  if (robot && !from_environment("DINGTALK_SECRET").empty()) text += kSecret;
  loader.read_pack({"environment", text});
  auto loaded = loader.finish();
  loaded.config.state_dir = state_dir;
  loaded.config.control = state_dir + "/control.sock";
  return loaded;
}

}  // namespace dingtail::config
