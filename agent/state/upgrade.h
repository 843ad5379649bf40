// From the schema of an earlier agent to this one's. Internal to state/.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

struct sqlite3;

namespace dingtail::state {

inline constexpr std::int64_t kSchemaVersion = 2;

// Brings the database to kSchemaVersion in one transaction, a copy of it in FILE.vN first. kDenied: it is a
// newer agent's, and was not touched. kInvalid: it has no version that an agent gave it.
base::Status upgrade(sqlite3* database, const std::string& file);

}  // namespace dingtail::state
