// The SQLite file: opened, checked, read whole, written a cut at a time. Blocks; used by one thread at a
// time. The only user of SQLite.
#pragma once

#include <memory>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "state/cut.h"

struct sqlite3;

namespace dingtail::state {

class Database {
 public:
  // Opens or makes DIRECTORY/state.db, in WAL mode with synchronous=FULL, and holds DIRECTORY/lock: a second
  // agent on the same directory is refused (kBusy).
  static base::Result<Database> open(const std::string& directory);

  base::Result<Saved> load();
  // All of the cut or nothing of it; durable when this returns.
  base::Status write(const Cut& cut);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  using Handle = std::unique_ptr<sqlite3, Close>;
  Database(base::Fd lock, Handle database) : lock_(std::move(lock)), database_(std::move(database)) {}
  base::Status prepare_file();
  base::Status write_rows(const Cut& cut);

  base::Fd lock_;  // released after the database is closed
  Handle database_;
};

}  // namespace dingtail::state
