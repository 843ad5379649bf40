#include "match/matcher.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <cstdint>

#include "match/pattern.h"

namespace dingtail::match {
namespace {

// RE2::Set's default of 8 MiB thrashes its cache from some hundred patterns on, without a word.
constexpr std::int64_t kSetMemory = 64LL << 20;

RE2::Options set_options() {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(kSetMemory);
  return out;
}

struct Alternative {
  std::size_t rule;
  Pattern pattern;
};

struct Shard {
  std::unique_ptr<RE2::Set> set;
  std::vector<std::size_t> patterns;  // by the set's own numbers
};

// One set while RE2 can hold it, else halves.
void add_shards(const std::vector<Alternative>& patterns, std::size_t from, std::size_t to,
                std::vector<Shard>& shards) {
  if (from == to) return;
  Shard& shard = shards.emplace_back();
  shard.set = std::make_unique<RE2::Set>(set_options(), RE2::UNANCHORED);
  for (std::size_t i = from; i < to; ++i)
    if (shard.set->Add(patterns[i].pattern->pattern(), nullptr) >= 0) shard.patterns.push_back(i);
  if (shard.set->Compile()) return;
  if (to - from == 1) {  // this pattern alone is too large for a set: it is always tried by itself
    shard.set.reset();
    return;
  }
  shards.pop_back();
  const std::size_t middle = from + (to - from) / 2;
  add_shards(patterns, from, middle, shards);
  add_shards(patterns, middle, to, shards);
}

}  // namespace

struct Matcher::Impl {
  struct CompiledRule {
    std::vector<std::string> sources;  // empty: all
    std::vector<Pattern> exclude;
    std::set<std::string> captures;
  };

  std::vector<CompiledRule> rules;
  std::vector<Alternative> patterns;  // in the rules' order
  std::vector<Shard> shards;
  std::vector<std::size_t> candidates;  // scratch: patterns that match a record
  std::vector<int> ids;                 // scratch

  void find_candidates(std::string_view record);
  void find_in_shard(const Shard& shard, std::string_view record);
  void match_record(std::string_view record, const tail::Block& block, const OnHit& on_hit);
  [[nodiscard]] bool applies(const CompiledRule& rule, std::string_view record,
                             std::string_view source) const;
};

Matcher::Matcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

Matcher Matcher::compile(const std::vector<config::Rule>& rules, config::Problems& problems) {
  auto impl = std::make_unique<Impl>();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Impl::CompiledRule compiled;
    for (const auto& source : rules[i].sources) compiled.sources.push_back(source.value);
    for (const auto& pattern : rules[i].match) {
      auto compiled_pattern = compile_pattern(pattern, problems);
      if (!compiled_pattern) continue;
      for (const auto& [name, index] : compiled_pattern->NamedCapturingGroups())
        compiled.captures.insert(name);
      impl->patterns.push_back({i, std::move(compiled_pattern)});
    }
    for (const auto& pattern : rules[i].exclude)
      if (auto excluded = compile_pattern(pattern, problems)) compiled.exclude.push_back(std::move(excluded));
    impl->rules.push_back(std::move(compiled));
  }
  add_shards(impl->patterns, 0, impl->patterns.size(), impl->shards);
  return Matcher(std::move(impl));
}

const std::set<std::string>& Matcher::captures(std::size_t rule) const {
  return impl_->rules.at(rule).captures;
}

void Matcher::match(const tail::Block& block, const OnHit& on_hit) {
  tail::for_each_record(block, [&](std::string_view record) { impl_->match_record(record, block, on_hit); });
}

void Matcher::Impl::find_in_shard(const Shard& shard, std::string_view record) {
  const re2::StringPiece text(record.data(), record.size());
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  if (shard.set) {
    // Without a list of matches first: that one allocates even on a miss.
    if (!shard.set->Match(text, nullptr, &error) && error.kind == RE2::Set::kNoError) return;
    ids.clear();
    if (error.kind == RE2::Set::kNoError && shard.set->Match(text, &ids, &error)) {
      for (const int id : ids) candidates.push_back(shard.patterns[static_cast<std::size_t>(id)]);
      return;
    }
  }
  // The set's automaton ran out of memory, which looks like "no match": ask each pattern by itself.
  for (const std::size_t pattern : shard.patterns)
    if (matches(*patterns[pattern].pattern, record)) candidates.push_back(pattern);
}

void Matcher::Impl::find_candidates(std::string_view record) {
  candidates.clear();
  for (const auto& shard : shards) find_in_shard(shard, record);
  std::sort(candidates.begin(), candidates.end());
}

bool Matcher::Impl::applies(const CompiledRule& rule, std::string_view record,
                            std::string_view source) const {
  if (!rule.sources.empty() &&
      std::find(rule.sources.begin(), rule.sources.end(), source) == rule.sources.end())
    return false;
  return std::none_of(rule.exclude.begin(), rule.exclude.end(),
                      [&](const Pattern& pattern) { return matches(*pattern, record); });
}

void Matcher::Impl::match_record(std::string_view record, const tail::Block& block, const OnHit& on_hit) {
  find_candidates(record);
  std::size_t last_rule = rules.size();
  for (const std::size_t index : candidates) {
    const auto& [rule, pattern] = patterns[index];
    if (rule == last_rule) continue;  // another alternative of the same rule
    last_rule = rule;
    if (!applies(rules[rule], record, block.source)) continue;
    Hit hit;
    hit.rule = rule;
    hit.source = block.source;
    hit.path = block.path;
    hit.record = record;
    hit.fields = captures_of(*pattern, record);
    on_hit(std::move(hit));
  }
}

}  // namespace dingtail::match
