// Keeps the state: in the database while that can be written, in memory while it cannot, and again in the
// database when it can, with nothing left out. Blocks; used by one thread at a time; knows no clock: who owns
// it says when to try again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "state/cut.h"
#include "state/database.h"
#include "state/directory.h"
#include "state/unwritten.h"

namespace dingtail::state {

enum class Kept {
  kDurable,
  kInMemory,  // the database cannot be written now; all that it lacks is held here
  kBroken,    // the database can be trusted no longer: the process has to end, and nothing more is written
};

struct Outcome {
  Kept kept = Kept::kDurable;
  std::string why;               // not durable
  std::vector<base::Told> told;  // for the log, since the last outcome()
};

class Keeper {
 public:
  struct Started;
  // Has the state of DIRECTORY, locked until the keeper's end. A disk that is full or read-only does not
  // hinder a start: outcome() says so. Refused is what an operator has to mend (kDenied, kBusy, or a state
  // that is there and cannot be had) and what a start anew may mend (kNotDurable). `machine`: this_machine().
  static base::Result<Started> start(const std::string& directory, const std::string& machine,
                                     base::Wall now);

  // Writes the cut and all before it. While the database cannot be written it only keeps it.
  void commit(Cut cut);
  // Writes what is in memory alone.
  void retry();
  // Empties the database's log, for a time without cuts.
  void tidy();
  // How it stands after the last call.
  [[nodiscard]] Outcome outcome();

 private:
  Keeper(std::string path, std::string machine) : path_(std::move(path)), machine_(std::move(machine)) {}
  base::Result<Saved> open(base::Wall now);
  base::Result<Saved> open_without_writing(base::Wall now);
  base::Status reopen();
  base::Status restore();
  [[nodiscard]] bool is_in_place() const { return directory_->database_files() == files_; }
  base::Status write();
  void settle(const base::Status& status);

  std::string path_;
  std::string machine_;
  std::optional<Directory> directory_;  // released after the database is closed
  std::optional<Database> database_;
  DatabaseFiles files_;      // of the database that is open
  base::Wall begun_from_{};  // the cut that this run began from
  base::Wall now_{};         // the last that is known
  Unwritten unwritten_;
  Outcome outcome_;
};

struct Keeper::Started {
  Keeper keeper;
  Saved saved;
};

}  // namespace dingtail::state
