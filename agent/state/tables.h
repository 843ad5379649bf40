// The rows of schema.sql: read whole, written as a cut has them. Inside a transaction of the caller's.
// Internal to state/.
#pragma once

#include "base/result.h"
#include "state/cut.h"
#include "state/unwritten.h"

struct sqlite3;

namespace dingtail::state {

// kInvalid: a row is not what an agent writes.
base::Status load_rows(sqlite3* database, Saved& saved);
base::Status write_rows(sqlite3* database, const Unwritten& cut);

}  // namespace dingtail::state
