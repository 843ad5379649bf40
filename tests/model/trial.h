// Plays plans, each in a directory and a process of its own, so that a crash or a hang is a verdict too; and
// finds the shortest that fails.
#pragma once

#include <string>
#include <utility>

#include "model/play.h"

namespace dingtail::model {

class Trial {
 public:
  explicit Trial(MakeAgent make) : make_(std::move(make)) {}

  [[nodiscard]] Outcome run(const Plan& plan, Trace trace) const;
  // The plan with as few operations as still fail in the same way (the failure's first word).
  [[nodiscard]] Plan shorten(Plan plan, const std::string& failure) const;

 private:
  [[noreturn]] void be_the_child(const Plan& plan, const std::string& directory, Trace trace, int to) const;

  MakeAgent make_;
};

}  // namespace dingtail::model
