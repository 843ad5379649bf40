#include "state/keeper.h"

#include <utility>

#include "state/opening.h"

namespace dingtail::state {
namespace {

// Whether it may be otherwise a second later, without anybody's doing or by making room.
bool passes(const base::Error& error) {
  return error.code == base::Code::kNoSpace || error.code == base::Code::kFailed;
}

}  // namespace

base::Result<Keeper::Started> Keeper::start(const std::string& directory, const std::string& machine,
                                            base::Wall now) {
  Keeper keeper(directory, machine);
  auto saved = keeper.open(now);
  if (!saved && passes(saved.error())) {
    const auto why = saved.error().what;
    saved = keeper.open_without_writing(now);
    if (!saved) return base::within(why, saved.error());
    keeper.outcome_.kept = Kept::kInMemory;
    keeper.outcome_.why = why;
  }
  if (!saved) return tl::unexpected(saved.error());
  keeper.begun_from_ = keeper.unwritten_.at = saved->cut_at;
  keeper.now_ = now;
  return Started{std::move(keeper), std::move(*saved)};
}

base::Result<Saved> Keeper::open(base::Wall now) {
  if (!directory_) {
    auto directory = Directory::open(path_);
    if (!directory) return tl::unexpected(directory.error());
    directory_ = std::move(*directory);
  }
  auto opened = open_state(*directory_, machine_, now);
  if (!opened && opened.error().code == base::Code::kNoSpace && directory_->release_ballast())
    opened = open_state(*directory_, machine_, now);
  if (!opened) return tl::unexpected(opened.error());
  database_ = std::move(opened->database);
  files_ = directory_->database_files();
  outcome_.told = std::move(opened->told);
  directory_->keep_ballast();
  return std::move(opened->saved);
}

base::Result<Saved> Keeper::open_without_writing(base::Wall now) {
  if (!directory_) return Saved{};
  auto saved = read_state(*directory_, machine_);
  if (saved || saved.error().code != base::Code::kInvalid) return saved;
  outcome_.told.push_back(
      {base::Event::kStateCorrupt, "", saved.error().what + "; files go on from their end"});
  return lost_state(*directory_, "soon as anything can be written", now);
}

void Keeper::commit(Cut cut) {
  now_ = cut.at;
  unwritten_.add(std::move(cut));
  if (outcome_.kept == Kept::kDurable) settle(write());
}

void Keeper::retry() {
  if (outcome_.kept == Kept::kInMemory) settle(write());
}

void Keeper::tidy() {
  if (outcome_.kept != Kept::kDurable) return;
  if (!is_in_place()) return settle(write());
  if (const auto tidied = database_->tidy(); !tidied && !passes(tidied.error())) settle(tidied);
}

Outcome Keeper::outcome() {
  auto told = std::exchange(outcome_.told, {});
  return {outcome_.kept, outcome_.why, std::move(told)};
}

void Keeper::settle(const base::Status& status) {
  if (status) {
    outcome_.kept = Kept::kDurable;
    outcome_.why.clear();
    return;
  }
  const bool broken =
      status.error().code == base::Code::kNotDurable || (database_ && !passes(status.error()));
  outcome_.kept = broken ? Kept::kBroken : Kept::kInMemory;
  outcome_.why = status.error().what;
}

base::Status Keeper::write() {
  if (!database_) TRY(reopen());
  if (!is_in_place()) TRY(restore());
  auto written = database_->write(unwritten_, machine_);
  if (!written && written.error().code == base::Code::kNoSpace && directory_->release_ballast())
    written = database_->write(unwritten_, machine_);
  if (!written) return written;
  const auto at = unwritten_.at;
  unwritten_ = {};
  unwritten_.at = at;
  directory_->keep_ballast();
  return {};
}

// Deleted under the running agent, the state is whole in the files that are still open. What somebody put in
// its place is not for us to write over.
base::Status Keeper::restore() {
  const auto found = directory_->database_files().database;
  if (found && found != files_.database)
    return base::fail(base::Code::kInvalid, directory_->database() + " is another file than the one in use");
  TRY(directory_->put_database([this](const std::string& file) { return database_->copy_to(file); }));
  auto database = Database::open(directory_->database());
  if (!database) return tl::unexpected(database.error());
  database_ = std::move(*database);
  files_ = directory_->database_files();
  outcome_.told.push_back({base::Event::kStateFailed, "",
                           "its files were deleted under the running agent: they are made again, whole"});
  return {};
}

// What is on the disk now may not be what this run began from: another agent's, or a disk that was not
// mounted then. Begun anew, the run goes on from that.
base::Status Keeper::reopen() {
  const auto saved = open(now_);
  if (!saved) return tl::unexpected(saved.error());
  if (saved->cut_at == begun_from_) return {};
  return base::fail(base::Code::kInvalid, "the state in " + path_ + " is not the one this run began from");
}

}  // namespace dingtail::state
