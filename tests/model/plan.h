// What happens in one trial of the model test: made from a seed alone, so that a seed replays it; a list of
// independent operations, so that any part of it is a plan too. An operation that has no object at its moment
// (a rotation without a file) does nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dingtail::model {

enum class Act {
  // To a log and what rotation made of it.
  kWrite,
  kWritePart,  // of a line; the next write completes it
  kRotate,     // in the slot's style
  kReopen,     // the writer, which keeps the file it has until then
  kTruncate,
  kReplace,  // by rename
  kUnlink,
  kRemoveDirectory,
  kRetarget,  // the symbolic link
  kHide,      // chmod 000
  kShow,
  kCompress,  // a rotated file, or half of it: then the next one finishes it
  kDrop,      // the oldest rotated file
  // To the agent.
  kLook,    // events are delivered, and all is read
  kSweep,   // time passes until it looks by itself; events are withheld
  kWait,    // events are delivered, and time passes
  kGlance,  // reads a few bytes
  kCommit,
  kStop,
  kKill,
  kStart,
};
inline constexpr std::size_t kActs = static_cast<std::size_t>(Act::kStart) + 1;

struct Op {
  Act act;
  std::size_t slot = 0;
  std::uint32_t how = 0;  // bits that the operation interprets
};

// How a log is rotated, all its life.
struct Style {
  bool copy_truncate = false;
  bool date_names = false;  // app.log-20260101, else app.log.1
  std::string compression;  // ".gz", ".zst" or empty
  bool delay_compress = false;
  std::size_t keep = 5;
};

// 0, 1: plain logs. 2: in a directory that comes and goes. 3: behind a symbolic link.
inline constexpr std::size_t kSlots = 4;
inline constexpr std::size_t kInDirectory = 2;
inline constexpr std::size_t kLinked = 3;

struct Plan {
  std::uint64_t seed = 0;
  std::array<Style, kSlots> styles;
  std::size_t header_bytes = 0;  // the same at each file's beginning
  bool deep_pattern = false;     // ** instead of two patterns
  bool begins_empty = false;     // else each log is known when the operations begin
  bool in_memory = false;        // on /dev/shm, where there is one
  std::vector<Op> ops;
};

Plan make_plan(std::uint64_t seed, std::size_t ops);
std::string describe(const Plan& plan);
std::string describe(const Op& op);
const char* name_of(Act act);

}  // namespace dingtail::model
