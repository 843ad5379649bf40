// An operator's mistake: where it stands, what it is, how to mend it. All of them are gathered, none stops
// the reading, so that one run shows everything.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dingtail::config {

// Lines and columns count from 1, columns in characters. 1:1 stands for the file as a whole.
struct Place {
  std::string file;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

enum class Weight { kError, kWarning };

struct Problem {
  Place place;
  Weight weight = Weight::kError;
  std::string message;
  std::string hint;  // the remedy in one sentence; may be empty
};

class Problems {
 public:
  void error(Place place, std::string message, std::string hint = {}) {
    all_.push_back({std::move(place), Weight::kError, std::move(message), std::move(hint)});
  }
  void warning(Place place, std::string message, std::string hint = {}) {
    all_.push_back({std::move(place), Weight::kWarning, std::move(message), std::move(hint)});
  }
  [[nodiscard]] bool failed() const {
    for (const auto& problem : all_)
      if (problem.weight == Weight::kError) return true;
    return false;
  }
  // In reading order: by file as first met, then line and column.
  [[nodiscard]] std::vector<Problem> sorted() const;

 private:
  std::vector<Problem> all_;
};

// "file:line:column: error: message" and, on a line of its own, "  hint: …". No final newline.
std::string print(const Problem& problem);

}  // namespace dingtail::config
