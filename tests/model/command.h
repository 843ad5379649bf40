// The command line of the model tests: PROGRAM SEEDS OPS [--seed FIRST]
#pragma once

#include <string>

#include "model/agent.h"

namespace dingtail::model {

// Plays the seeds, each in a process and a directory of its own; tells failures with their seed and the
// shortest plan that still fails, and all that happened in that. `program`: what must be executable for the
// user that we become, as for root no file is unreadable; may be empty. Returns the exit code: 1 for
// failures.
int run(int argc, char** argv, const MakeAgent& make, const std::string& program);

}  // namespace dingtail::model
