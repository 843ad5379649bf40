// Hostile lines by the million, through a message each, a digest of every four, and a CommonMark parser:
//   hostile_lines COUNT [SEED]
// Prints what they did (nothing, else exit 1 and the first that did), and what the same lines would have done
// unescaped, so that it is seen that they are hostile. Random, unless a seed is given; it is printed.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "unit/format/hostile.h"
#include "unit/format/hostile_message.h"

namespace {

using namespace dingtail;
using namespace dingtail::format;

void add(Harm& to, const Harm& more) {
  for (const auto& [what, count] : more) to[what] += count;
}

// As in a paragraph of its own.
Harm of_raw(const std::string& line) {
  Harm out = parse_markdown(line).nodes;
  for (const char* harmless : {"paragraph", "text", "softbreak", "linebreak"}) out.erase(harmless);
  if (mentions(line)) ++out["mention"];
  if (links(line)) ++out["bare link"];
  if (turns(line)) ++out["bidi control"];
  return out;
}

// Each of its lines says what one of them does.
Digest digest_of(const std::vector<Case>& cases) {
  std::vector<DigestLine> lines;
  std::vector<const DigestLine*> all;
  lines.reserve(cases.size());
  config::Problems problems;
  for (const auto& c : cases) {
    const auto text = RuleText::compile(
        c.rule, c.names, [](std::string_view) { return std::nullopt; }, problems);
    all.push_back(&lines.emplace_back(digest_line(c.report, text, c.style.language, c.style.mention, c.now)));
  }
  DigestStyle style;
  style.labels = {cases.front().report.labels.at("host"), cases.front().report.labels.at("env")};
  return digest(all, style, cases.front().now);
}

void print(const char* what, const Harm& harm) {
  std::printf("%s:", what);
  for (const auto& [name, count] : harm) std::printf(" %s %d,", name.c_str(), count);
  std::puts(harm.empty() ? " nothing" : "");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto count = std::strtoull(argv[1], nullptr, 10);
  Hostile hostile(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : chosen_seed());
  Harm done;
  Harm unescaped;
  std::size_t largest = 0;
  std::vector<Case> waiting;
  for (unsigned long long i = 0; i < count; ++i) {
    const auto& c = waiting.emplace_back(
        case_of({hostile.text(16), hostile.text(8), hostile.text(8), hostile.text(8), hostile.text(4)}));
    const Message message = c.message();
    Harm harm = harm_of(message);
    add(unescaped, of_raw(c.report.last_hit.record));
    if (waiting.size() == 4) {
      add(harm, harm_of(digest_of(waiting), 4));
      waiting.clear();
    }
    if (done.empty() && !harm.empty()) std::printf("%llu: %s\n", i, body_json(message, "").c_str());
    add(done, harm);
    largest = std::max(largest, body_json(message, "").size());
  }
  std::printf("%llu lines, largest body %zu bytes\n", count, largest);
  print("they did", done);
  print("unescaped they would make", unescaped);
  return done.empty() ? 0 : 1;
}
