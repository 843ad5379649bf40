// Follows the files of all sources: finds them, reads complete lines, keeps how far. A file event says only
// "look now"; truth is stat and content, and a sweep looks at everything anyway. Reads only when asked
// (read()), a bounded amount at a time; calls on_news from the loop when asking is worth it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "config/config.h"
#include "loop/dir_watch.h"
#include "tail/block.h"
#include "tail/finder.h"
#include "tail/line_buffer.h"
#include "tail/remembered.h"
#include "tail/tailed_file.h"

namespace dingtail::tail {

struct TailState {
  std::vector<FileState> files;
  std::set<std::string> patterns;  // that were followed before: their new files are read from the beginning
};

// What the state store has to write and to forget.
struct TailChanges {
  std::vector<FileState> changed;
  std::vector<FileId> erased;
  std::set<std::string> patterns;
};

struct FileStatus {
  std::string path;
  std::string source;
  std::string state;  // "following", "rotated", "missing", "unreadable"
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string reason;
};

class Tailer {
 public:
  using Sink = std::function<void(const Block&)>;

  // `own_directory`: the agent's own state, never followed.
  Tailer(loop::Loop& loop, base::Log& log, std::string own_directory, std::function<void()> on_news);

  // Begins, or goes on with other sources (reload). `stored` is what the last run left; empty at a reload.
  void follow(std::vector<config::Source> sources, TailState stored, base::Now now);

  // Hands out new complete lines, about `budget_bytes` at the most. True if there is more to read at once.
  bool read(base::Now now, std::size_t budget_bytes, const Sink& sink);

  // When read() has something to do by time alone.
  [[nodiscard]] base::Mono next_deadline() const;

  // What changed since the last call.
  TailChanges take_changes();
  [[nodiscard]] bool has_changes() const {
    return !changed_.empty() || !erased_.empty() || !new_patterns_.empty() || !set_aside_.empty();
  }

  [[nodiscard]] std::vector<FileStatus> status() const;

 private:
  using File = std::unique_ptr<TailedFile>;

  void on_events(const std::vector<loop::DirEvent>& events, bool overflowed);
  void look_at_all(base::Now now);
  void tell(const Listing& listing);
  void adopt(const FoundFile& found);
  [[nodiscard]] bool is_unfollowed(const std::string& path) const;
  static void resume(TailedFile& file, const FileState& state);
  void drain(File file, base::Now now);
  void set_aside(FileId id);
  [[nodiscard]] FileState state_of(const TailedFile& file) const;
  [[nodiscard]] static base::Mono rotated_due(const TailedFile& file);
  void rewritten(TailedFile& file, base::Now now);
  void drain_missed(const TailedFile& old, base::Now now);
  static void relocate(TailedFile& file);
  void rotate_missing(const std::set<FileId>& found, base::Now now);
  void resume_rotated(base::Now now);
  void watch(std::set<std::string> directories);
  void keep_sources(std::vector<config::Source> sources);
  [[nodiscard]] std::optional<std::size_t> source_named(const std::string& name) const;

  void queue(TailedFile& file);
  void queue_all();
  std::size_t read_file(TailedFile& file, base::Now now, std::size_t budget_bytes, const Sink& sink);
  std::size_t hand_out(TailedFile& file, const Lines& lines, const Sink& sink);
  void after_end(TailedFile& file, base::Now now, const Sink& sink);
  void finish_rotated(base::Now now, const Sink& sink);
  void forget(FileId id);

  base::Log& log_;
  Finder finder_;
  std::function<void()> on_news_;
  std::unique_ptr<loop::DirWatch> watch_;  // null: no inotify to be had, the sweep does it all
  std::vector<config::Source> sources_;
  std::set<std::string> known_patterns_;
  std::set<std::string> new_patterns_;
  Remembered remembered_;
  std::vector<FileState> set_aside_;  // since take_changes()
  std::map<FileId, File> files_;
  std::map<std::string, FileId> live_;  // Listing::names
  std::vector<Unfollowed> unfollowed_;
  std::deque<FileId> queue_;
  std::set<FileId> rotated_;  // of files_, those renamed away or deleted
  std::set<FileId> changed_;  // since take_changes()
  std::vector<FileId> erased_;
  LineBuffer buffer_;
  bool look_again_ = true;
  bool all_watched_ = false;
  base::Mono looked_at_{};
  base::Mono swept_at_{};
};

}  // namespace dingtail::tail
