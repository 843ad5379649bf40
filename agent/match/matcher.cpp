#include "match/matcher.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace dingtail::match {
namespace {

// RE2::Set's default of 8 MiB thrashes its cache from some hundred patterns on, without a word.
constexpr std::int64_t kSetMemory = 64LL << 20;
// A pattern whose program is larger (RE2 instructions, such as (a{1,99}){1,99}) would slow every record.
constexpr int kMostInstructions = 20'000;

RE2::Options options(std::int64_t max_mem) {
  RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(max_mem);
  return out;
}

RE2::Options pattern_options() {
  return options(RE2::Options::kDefaultMaxMem);
}

struct Pattern {
  std::size_t rule;
  std::unique_ptr<RE2> re;
};

struct Shard {
  std::unique_ptr<RE2::Set> set;
  std::vector<std::size_t> patterns;  // by the set's own numbers
};

std::unique_ptr<RE2> compile_one(const config::Located<std::string>& pattern, config::Problems& problems) {
  auto re = std::make_unique<RE2>(pattern.value, pattern_options());
  if (!re->ok()) {
    problems.error(pattern.place,
                   "bad pattern: " + re->error() + (re->error_arg().empty() ? "" : ": " + re->error_arg()),
                   "the dialect is RE2's: no look-around and no back-references");
    return nullptr;
  }
  if (re->ProgramSize() > kMostInstructions) {
    problems.error(pattern.place,
                   "this pattern is too costly: " + std::to_string(re->ProgramSize()) + " instructions, " +
                       std::to_string(kMostInstructions) + " are the limit",
                   "lower its counted repetitions, such as {1,1000}");
    return nullptr;
  }
  return re;
}

// One set while RE2 can hold it, else halves.
void add_shards(const std::vector<Pattern>& patterns, std::size_t from, std::size_t to,
                std::vector<Shard>& shards) {
  if (from == to) return;
  Shard& shard = shards.emplace_back();
  shard.set = std::make_unique<RE2::Set>(options(kSetMemory), RE2::UNANCHORED);
  for (std::size_t i = from; i < to; ++i)
    if (shard.set->Add(patterns[i].re->pattern(), nullptr) >= 0) shard.patterns.push_back(i);
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

bool is_ascii(std::string_view text) {
  std::uint64_t seen = 0;
  while (text.size() >= sizeof seen) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    seen |= word;
    text.remove_prefix(sizeof seen);
  }
  for (const char c : text) seen |= static_cast<unsigned char>(c);
  return (seen & 0x8080808080808080ULL) == 0;
}

}  // namespace

struct Matcher::Impl {
  struct CompiledRule {
    std::vector<std::string> sources;  // empty: all
    std::vector<std::unique_ptr<RE2>> exclude;
    std::set<std::string> captures;
  };

  std::vector<CompiledRule> rules;
  std::vector<Pattern> patterns;  // in the rules' order
  std::vector<Shard> shards;
  std::vector<std::size_t> candidates;  // scratch: patterns that match a record
  std::vector<int> ids;                 // scratch

  void find_candidates(std::string_view record);
  void find_in_shard(const Shard& shard, std::string_view record);
  void match_record(std::string_view record, const tail::Block& block, const OnHit& on_hit);
  [[nodiscard]] bool applies(const CompiledRule& rule, std::string_view record,
                             std::string_view source) const;
};

namespace {

Fields captures_of(const RE2& re, std::string_view record) {
  const auto& names = re.CapturingGroupNames();
  Fields fields;
  if (names.empty()) return fields;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(re.NumberOfCapturingGroups()) + 1);
  const re2::StringPiece text(record.data(), record.size());
  if (!re.Match(text, 0, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size())))
    return fields;
  for (const auto& [index, name] : names) {
    const auto& group = groups[static_cast<std::size_t>(index)];
    if (group.data() != nullptr) fields[name] = group.as_string();
  }
  return fields;
}

}  // namespace

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
      auto re = compile_one(pattern, problems);
      if (!re) continue;
      for (const auto& [name, index] : re->NamedCapturingGroups()) compiled.captures.insert(name);
      impl->patterns.push_back({i, std::move(re)});
    }
    for (const auto& pattern : rules[i].exclude)
      if (auto re = compile_one(pattern, problems)) compiled.exclude.push_back(std::move(re));
    impl->rules.push_back(std::move(compiled));
  }
  add_shards(impl->patterns, 0, impl->patterns.size(), impl->shards);
  return Matcher(std::move(impl));
}

const std::set<std::string>& Matcher::captures(std::size_t rule) const {
  return impl_->rules.at(rule).captures;
}

void Matcher::match(const tail::Block& block, const OnHit& on_hit) {
  const bool ascii = is_ascii(block.bytes);
  tail::for_each_record(block, [&](std::string_view record) {
    if (ascii || base::is_utf8(record))
      impl_->match_record(record, block, on_hit);
    else
      impl_->match_record(base::to_utf8(record), block, on_hit);
  });
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
    if (RE2::PartialMatch(text, *patterns[pattern].re)) candidates.push_back(pattern);
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
  const re2::StringPiece text(record.data(), record.size());
  return std::none_of(rule.exclude.begin(), rule.exclude.end(),
                      [&](const auto& re) { return RE2::PartialMatch(text, *re); });
}

void Matcher::Impl::match_record(std::string_view record, const tail::Block& block, const OnHit& on_hit) {
  find_candidates(record);
  std::size_t last_rule = rules.size();
  for (const std::size_t index : candidates) {
    const auto& pattern = patterns[index];
    if (pattern.rule == last_rule) continue;  // another alternative of the same rule
    last_rule = pattern.rule;
    if (!applies(rules[pattern.rule], record, block.source)) continue;
    on_hit({pattern.rule, std::string(block.source), std::string(block.path), std::string(record),
            captures_of(*pattern.re, record)});
  }
}

}  // namespace dingtail::match
