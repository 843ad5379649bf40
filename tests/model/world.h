// The logs of a trial, on a real directory, and beside them the model: which lines stand in which file. Knows
// nothing of the agent but when it looked, committed and lost its memory; says which lines it must have
// counted.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/fd.h"
#include "model/plan.h"

namespace dingtail::model {

// How the last file that held a line came to hold it no more.
enum class Fate { kNone, kDeleted, kTruncated };

struct Line {
  std::string text;  // "<number:payload>"
  std::size_t slot = 0;
  std::size_t file = 0;    // that it was written to first
  bool ended = false;      // by its newline, in some file
  bool parted = false;     // a copy was made while it had none: that part waits there to be a record
  bool looked_at = false;  // stood whole in a file when the agent looked, and it has not forgotten
  bool must = false;       // the same, and it has committed since
  Fate fate = Fate::kNone;
  bool of_known_file = false;  // which the agent had committed as live, before it went
};

// Of rotated files, when they were looked at.
enum class Silence { kNone, kLong };

class World {
 public:
  World(std::string directory, const Plan& plan);

  // One of the operations before kLook; says what was done, "" for nothing.
  std::string apply(const Op& op);
  // One line more for each log, all of them readable.
  void write_all();

  // The agent has read something.
  void glanced();
  // The agent has looked at everything there is.
  void looked(Silence silence);
  void committed();
  void killed();

  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
  // True where the line is a partial one, and only in files that are live.
  [[nodiscard]] bool may_be_completed(std::size_t line) const;
  // Whether a path, as the agent names it, belongs to the slot.
  [[nodiscard]] bool belongs(const std::string& path, std::size_t slot) const;
  [[nodiscard]] std::vector<std::string> patterns() const;

 private:
  struct Piece {
    std::size_t line;
    bool whole;
  };
  struct File {  // an inode
    std::size_t number = 0;
    std::vector<Piece> pieces;
    std::size_t part_bytes = 0;  // of the last piece, where it is not whole
    std::size_t size = 0;
    bool readable = true;
    bool seen = false;        // by a look
    bool seen_apart = false;  // it had something of its own then; see is_marked()
    bool known = false;       // `seen`, and by a commit after it
    bool told_apart = false;  // so `seen_apart`

    bool was_live = true;                  // whenever the agent read
    std::shared_ptr<const File> original;  // that it is a copy of: unreadable, it can't be known as one
  };
  using FilePtr = std::shared_ptr<File>;
  struct Rotated {
    std::string path;
    std::string extension;
  };
  struct Slot {
    std::string path;
    Style style;
    base::Fd writer;
    FilePtr written;               // by the writer
    std::vector<Rotated> rotated;  // the youngest first; of the link: its former targets
    std::string half_of;           // the rotated file that is being compressed
    std::string half;              // what is still to be written then
    std::string target;            // of the link
  };

  std::string write(Slot& slot);
  std::string write_part(Slot& slot);
  std::string reopen(Slot& slot);
  std::string rotate(Slot& slot, std::uint32_t how);
  std::string copy_truncate(Slot& slot, std::uint32_t how);
  std::string truncate(Slot& slot, std::uint32_t how);
  std::string replace(Slot& slot, std::uint32_t how);
  std::string unlink(Slot& slot, std::uint32_t how);
  std::string remove_directory(Slot& slot);
  std::string retarget(Slot& slot, std::uint32_t how);
  std::string hide(Slot& slot);
  std::string show(Slot& slot);
  std::string compress(Slot& slot, std::uint32_t how);
  std::string drop(Slot& slot);

  [[nodiscard]] bool belongs_to_link(const std::string& path) const;
  [[nodiscard]] FilePtr live(const Slot& slot) const;
  [[nodiscard]] bool is_live(const FilePtr& file) const;
  [[nodiscard]] bool is_marked(const File& file) const;
  std::string make_room(Slot& slot);
  void drop_oldest(Slot& slot);
  void start_compressing(Slot& slot, Rotated& rotated);
  void finish_compressing(Slot& slot);
  void open_writer(Slot& slot);
  void begin_file(Slot& slot);
  void put(Slot& slot, const std::string& bytes);
  void put_line(Slot& slot, std::size_t payload);
  void put_lines(Slot& slot);
  void fill(Slot& slot, std::size_t bytes);
  void rename(const std::string& from, const std::string& to);
  void remove(const std::string& path);
  void gone(const File& file, Fate fate);
  [[nodiscard]] bool has_name(const FilePtr& file) const;
  std::size_t random(std::size_t below) { return random_() % below; }

  std::string directory_;
  const Plan& plan_;
  std::minstd_rand random_;  // seeded by each operation, so that one does not depend on those before it
  std::array<Slot, kSlots> slots_;
  std::map<std::string, FilePtr> names_;
  std::vector<Line> lines_;
  std::size_t files_ = 0;
  int days_ = 0;
  int targets_ = 0;
};

}  // namespace dingtail::model
