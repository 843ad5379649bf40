// The rows of `message` and `robot` in schema.sql. Internal to state/.
#pragma once

#include "base/result.h"
#include "state/cut.h"
#include "state/unwritten.h"

struct sqlite3;

namespace dingtail::state {

// kInvalid: a row is not what an agent writes.
base::Status load_outbox(sqlite3* database, Saved& saved);
base::Status write_outbox(sqlite3* database, const Unwritten& cut);

}  // namespace dingtail::state
