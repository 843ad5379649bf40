// The SQLite file: made, opened, checked, read whole, written a cut at a time. Blocks; used by one thread at
// a time. The only user of SQLite. What an error's Code means here: statement.h, fail_sql().
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "state/cut.h"
#include "state/unwritten.h"

struct sqlite3;

namespace dingtail::state {

class Database {
 public:
  // Makes the empty database FILE, which must not be there.
  static base::Status make(const std::string& file);

  // Opens FILE, which must be there and not under a symbolic link: WAL, synchronous=FULL, locked against
  // every other process, checked, and brought to this agent's schema. kDenied: it is a newer agent's.
  static base::Result<Database> open(const std::string& file);

  base::Result<Saved> load();
  // The machine whose state it is; empty: not known.
  base::Result<std::string> machine();

  // All of the cut or nothing of it; durable when this returns. Also kNotDurable where the cut is durable,
  // but not what was to move earlier ones out of the log.
  base::Status write(const Unwritten& cut, const std::string& machine);
  // The whole of it as the file FILE, which must not be there; also where its own files were deleted.
  base::Status copy_to(const std::string& file);
  // Empties the log, for a time without cuts. No other call, and no end, does more than cuts need.
  base::Status tidy();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database), log_pages_(std::make_unique<int>(0)) {}
  base::Status prepare(const std::string& file);

  std::unique_ptr<sqlite3, Close> database_;
  std::unique_ptr<int> log_pages_;  // as the last commit left the log; SQLite holds its address
};

}  // namespace dingtail::state
