#include "state/opening.h"

#include <stdlib.h>

#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

namespace dingtail::state {
namespace {

struct Found {
  Database database;
  Saved saved;
  std::string machine;
};

base::Result<Found> open_once(const std::string& file) {
  // Made whole, it is never empty; and SQLite would take its log for a leftover and delete it.
  std::error_code error;
  if (std::filesystem::file_size(file, error) == 0 || error)
    return base::fail(base::Code::kInvalid, file + " is empty or gone");
  auto database = Database::open(file);
  if (!database) return tl::unexpected(database.error());
  auto saved = database->load();
  if (!saved) return base::within(file, saved.error());
  auto machine = database->machine();
  if (!machine) return base::within(file, machine.error());
  return Found{std::move(*database), std::move(*saved), std::move(*machine)};
}

// What a disk could not read once, it may read the second time.
base::Result<Found> open_found(const std::string& file) {
  auto found = open_once(file);
  if (found || found.error().code != base::Code::kInvalid) return found;
  return open_once(file);
}

bool is_foreign(const std::string& one, const std::string& other) {
  return !one.empty() && !other.empty() && one != other;
}

base::Result<Opened> begin_anew(const Directory& directory, const std::string& machine, Saved saved) {
  TRY(directory.put_database(Database::make));
  auto database = Database::open(directory.database());
  if (!database) return tl::unexpected(database.error());
  if (!saved.losses.empty()) {
    Cut cut;
    cut.files.losses = saved.losses;
    Unwritten unwritten;
    unwritten.add(std::move(cut));
    TRY(database->write(unwritten, machine));
  }
  return Opened{std::move(*database), std::move(saved), {}};
}

base::Result<Opened> replace_corrupt(const Directory& directory, const std::string& machine, base::Wall now,
                                     const std::string& why) {
  const auto name = directory.set_aside("corrupt", now);
  if (!name) return base::within(why, name.error());
  auto opened = begin_anew(directory, machine, lost_state(directory, *name, now));
  if (opened)
    opened->told.push_back(
        {base::Event::kStateCorrupt, "", why + "; set aside as " + *name + ", files go on from their end"});
  return opened;
}

base::Result<Opened> replace_foreign(const Directory& directory, const std::string& machine, base::Wall now) {
  const auto name = directory.set_aside("foreign", now);
  if (!name) return base::within("the state is another machine's", name.error());
  auto opened = begin_anew(directory, machine, {});
  if (opened)
    opened->told.push_back(
        {base::Event::kStateForeign, "",
         "the state is another machine's: set aside as " + *name + ", this is a first start"});
  return opened;
}

// A directory of its own for a copy, in memory where there is such a file system; gone with its owner.
class Scratch {
 public:
  static std::optional<Scratch> make() {
    std::error_code error;
    for (const auto& parent :
         {std::filesystem::path("/dev/shm"), std::filesystem::temp_directory_path(error)}) {
      std::string name = (parent / "dingtail.XXXXXX").string();
      if (::mkdtemp(name.data()) != nullptr) return Scratch(std::move(name));
    }
    return std::nullopt;
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  [[nodiscard]] std::string file() const { return path_ + "/state.db"; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

base::Result<Opened> open_any(const Directory& directory, const std::string& machine, base::Wall now) {
  if (!directory.has_state()) return begin_anew(directory, machine, {});
  auto found = open_found(directory.database());
  if (!found && found.error().code == base::Code::kInvalid)
    return replace_corrupt(directory, machine, now, found.error().what);
  if (!found) return tl::unexpected(found.error());
  if (!is_foreign(found->machine, machine))
    return Opened{std::move(found->database), std::move(found->saved), {}};
  { const auto closed = std::move(found->database); }
  return replace_foreign(directory, machine, now);
}

}  // namespace

base::Result<Opened> open_state(const Directory& directory, const std::string& machine, base::Wall now) {
  auto opened = open_any(directory, machine, now);
  // The database's log is a new file. SQLite syncs the directory, but does not look whether that went well.
  if (opened) TRY(directory.sync());
  return opened;
}

base::Result<Saved> read_state(const Directory& directory, const std::string& machine) {
  if (!directory.has_state()) return Saved{};
  const auto scratch = Scratch::make();
  if (!scratch) return base::fail(base::Code::kFailed, "there is no place for a copy of the state");
  for (const auto* part : {"", "-wal", "-journal"}) {
    std::error_code error;
    const auto from = directory.database() + part;
    if (std::filesystem::copy_file(from, scratch->file() + part, error) || !std::filesystem::exists(from))
      continue;
    return base::fail(base::Code::kFailed, "copying " + from + ": " + error.message());
  }
  auto found = open_found(scratch->file());
  if (!found) return tl::unexpected(found.error());
  if (is_foreign(found->machine, machine)) return Saved{};
  return std::move(found->saved);
}

Saved lost_state(const Directory& directory, const std::string& where, base::Wall now) {
  Saved saved;
  saved.files.lost = true;
  saved.losses.push_back({directory.database(), 0,
                          "the state was corrupt and set aside as " + where + ": files go on from their end",
                          now});
  saved.untold = saved.losses;
  return saved;
}

}  // namespace dingtail::state
