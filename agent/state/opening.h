// How the state of a directory is had at a start: what is corrupt or another machine's is set aside and never
// deleted, what is not there is made. Internal to state/.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "state/cut.h"
#include "state/database.h"
#include "state/directory.h"

namespace dingtail::state {

struct Opened {
  Database database;
  Saved saved;
  std::vector<base::Told> told;  // for the log
};

// kInvalid never: a state that cannot be read is set aside, and files go on from their end.
base::Result<Opened> open_state(const Directory& directory, const std::string& machine, base::Wall now);

// What a directory holds where nothing can be written: read from a copy. The same as open_state() would read.
base::Result<Saved> read_state(const Directory& directory, const std::string& machine);

// The state of a start whose own was set aside, as WHERE.
Saved lost_state(const Directory& directory, const std::string& where, base::Wall now);

}  // namespace dingtail::state
