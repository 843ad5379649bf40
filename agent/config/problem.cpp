#include "config/problem.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace dingtail::config {

std::vector<Problem> Problems::sorted() const {
  std::map<std::string, std::size_t> order;
  for (const auto& problem : all_) order.emplace(problem.place.file, order.size());
  auto out = all_;
  std::stable_sort(out.begin(), out.end(), [&](const Problem& a, const Problem& b) {
    const auto key = [&](const Problem& p) {
      return std::tuple(order.at(p.place.file), p.place.line, p.place.column);
    };
    return key(a) < key(b);
  });
  return out;
}

std::string print(const Problem& problem) {
  std::string out = problem.place.file;
  out += ":" + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column);
  out += problem.weight == Weight::kError ? ": error: " : ": warning: ";
  out += problem.message;
  if (!problem.hint.empty()) out += "\n  hint: " + problem.hint;
  return out;
}

}  // namespace dingtail::config
