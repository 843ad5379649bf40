#include "model/plan.h"

#include <random>

namespace dingtail::model {
namespace {

struct Kind {
  const char* name;
  unsigned weight;
};

// By Act.
constexpr std::array<Kind, kActs> kKinds{{
    {"write", 24},   {"write-part", 8}, {"rotate", 11}, {"reopen", 5},
    {"truncate", 2}, {"replace", 3},    {"unlink", 2},  {"remove-directory", 1},
    {"retarget", 3}, {"hide", 2},       {"show", 6},    {"compress", 9},
    {"drop", 2},     {"look", 12},      {"sweep", 3},   {"wait", 4},
    {"glance", 7},   {"commit", 8},     {"stop", 2},    {"kill", 4},
    {"start", 8},
}};

// Several rotations that nobody looks at, with or without the agent.
void add_burst(std::vector<Op>& ops, std::mt19937_64& random) {
  const std::size_t slot = random() % kSlots;
  const bool stopped = random() % 2 == 0;
  if (stopped) ops.push_back({random() % 2 == 0 ? Act::kStop : Act::kKill});
  for (auto left = random() % 6; left > 0; --left) {
    ops.push_back({Act::kWrite, slot, static_cast<std::uint32_t>(random())});
    ops.push_back({Act::kRotate, slot, static_cast<std::uint32_t>(random())});
  }
  if (stopped) ops.push_back({Act::kStart});
}

}  // namespace

Plan make_plan(std::uint64_t seed, std::size_t ops) {
  std::mt19937_64 random(seed);
  Plan plan;
  plan.seed = seed;
  for (auto& style : plan.styles) {
    style.copy_truncate = random() % 4 == 0;
    style.date_names = random() % 3 == 0;
    constexpr std::array kCompressions{"", ".gz", ".zst"};
    style.compression = kCompressions.at(random() % kCompressions.size());
    style.delay_compress = random() % 2 == 0;
    style.keep = 1 + random() % 6;
  }
  constexpr std::array<std::size_t, 3> kHeaders{0, 40, 1500};
  plan.header_bytes = kHeaders.at(random() % kHeaders.size());
  plan.deep_pattern = random() % 2 == 0;
  plan.in_memory = random() % 2 == 0;
  plan.begins_empty = random() % 4 == 0;
  std::vector<double> weights;
  for (const auto& kind : kKinds) weights.push_back(kind.weight);
  std::discrete_distribution<std::size_t> choose(weights.begin(), weights.end());
  while (plan.ops.size() < ops) {
    if (random() % 40 == 0)
      add_burst(plan.ops, random);
    else
      plan.ops.push_back(
          {static_cast<Act>(choose(random)), random() % kSlots, static_cast<std::uint32_t>(random())});
  }
  plan.ops.resize(ops);
  return plan;
}

const char* name_of(Act act) {
  return kKinds.at(static_cast<std::size_t>(act)).name;
}

std::string describe(const Op& op) {
  if (op.act >= Act::kLook) return name_of(op.act);
  return std::string(name_of(op.act)) + " " + std::to_string(op.slot) + " " + std::to_string(op.how);
}

std::string describe(const Plan& plan) {
  std::string out = "seed " + std::to_string(plan.seed) + ": header of " + std::to_string(plan.header_bytes) +
                    " bytes, " + (plan.deep_pattern ? "pattern **, " : "two patterns, ") +
                    (plan.begins_empty ? "begins empty, " : "") +
                    (plan.in_memory ? "in memory\n" : "on the disk\n");
  for (const auto& style : plan.styles)
    out += std::string("  ") + (style.copy_truncate ? "copytruncate, " : "rename, ") +
           (style.date_names ? "dates, " : "numbers, ") + "keeps " + std::to_string(style.keep) +
           (style.compression.empty() ? "" : ", " + style.compression) +
           (style.compression.empty() || !style.delay_compress ? "\n" : " delayed\n");
  return out;
}

}  // namespace dingtail::model
