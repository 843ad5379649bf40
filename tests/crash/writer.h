// A program that logs numbered lines to several files and rotates each in a way of its own, and the count of
// what it wrote. A rotated file is deleted only when the group was told of all its lines, so that each line
// can be had. Of one thread, but for lines() and rotations().
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "base/fd.h"
#include "crash/robot.h"

namespace dingtail::crash {

enum class Rotation {
  kRename,        // app.log → app.log.1 → app.log.2 …
  kKeepOld,       // so, and the program goes on with the old file for a while
  kDate,          // app.log → app.log-20261121-1700000001
  kCopyTruncate,  // app.log is copied to app.log.1 and emptied
  kCompress,      // as kRename, and app.log.2 is compressed to app.log.2.gz
};
// The names of all, as written in an option: "rename", "keep-old" …
const std::vector<std::string>& rotation_names();

constexpr std::uint64_t kLinesAPart = 50;

enum class Sync { kNo, kYes };  // kYes: what step() did survives a power cut

class Writer {
 public:
  Writer(std::string directory, const std::vector<std::string>& rotations, std::uint32_t seed, Sync sync,
         Robot& robot);

  // Some lines into one of the files, or its rotation.
  void step();
  // Closes all files; and opens them again, to go on.
  void close();
  void open();
  // Ends the lines that stand half in their files.
  void finish();
  // One line of a part of its own, after finish().
  void write_last();

  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  [[nodiscard]] std::uint64_t rotations() const { return rotations_; }
  // What was written, complete lines.
  [[nodiscard]] const Counts& written() const { return written_; }

 private:
  struct Old {
    std::string ending;  // of its name
    std::uint64_t last_part = 0;
  };
  struct Log {
    std::string path;
    Rotation rotation = Rotation::kRename;
    base::Fd fd;
    std::string unfinished;  // the end of a line that stands half in the file
    std::uint64_t last_part = 0;
    std::uint64_t left = 0;  // lines until its rotation
    std::deque<Old> old;     // the youngest first
  };

  void begin(Log& log);
  static void open(Log& log);
  void write(Log& log, const std::string& text);
  void write_lines(Log& log);
  void rotate(Log& log);
  void shift(Log& log);
  void copy_and_empty(Log& log);
  void drop_told(Log& log);
  std::string next_line(std::uint64_t part);
  std::uint64_t random(std::uint64_t least, std::uint64_t most);

  std::string directory_;
  std::mt19937 random_;
  Sync sync_;
  Robot& robot_;
  std::vector<Log> logs_;
  Counts written_;
  std::uint64_t told_below_ = 0;  // the group knows all of the parts before this one
  std::atomic<std::uint64_t> lines_ = 0;
  std::atomic<std::uint64_t> rotations_ = 0;
};

}  // namespace dingtail::crash
