// Follows the files of all sources: finds them, reads their records, keeps how far. A file event says only
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
#include "tail/block.h"
#include "tail/finder.h"
#include "tail/followed.h"
#include "tail/loss.h"
#include "tail/record_reader.h"
#include "tail/remembered.h"
#include "tail/rotation.h"
#include "tail/siblings.h"
#include "tail/tailed_file.h"
#include "tail/watcher.h"

namespace dingtail::tail {

struct TailState {
  std::vector<FileState> files;
  std::set<std::string> patterns;  // that were followed before: their new files are read from the beginning
  Listed listed;                   // the directories as they were looked at last
  bool lost = false;               // the state was corrupt and set aside: files go on from their end
};

// What the state store has to write and to forget.
struct TailChanges {
  std::vector<FileState> changed;
  std::vector<FileId> erased;
  std::set<std::string> patterns;
  ListedChanges listed;
  std::vector<Loss> losses;  // not merged with those of earlier cuts
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
  // `own_directory`: the agent's own state, never followed.
  Tailer(loop::Loop& loop, base::Log& log, std::string own_directory, std::function<void()> on_news);

  // Begins, or goes on with other sources (reload). `stored` is what the last run left; empty at a reload.
  // `line_starts`: by source, where `multiline.start` asks for one.
  void follow(std::vector<config::Source> sources, TailState stored, base::Now now,
              std::vector<Multiline::LineStarts> line_starts = {});

  // Hands out new records, about `budget_bytes` of them at the most. True if there is more to read at once.
  bool read(base::Now now, std::size_t budget_bytes, const Sink& sink);

  // When read() has something to do by time alone.
  [[nodiscard]] base::Mono next_deadline() const;

  // What changed since the last call.
  TailChanges take_changes();
  [[nodiscard]] bool has_changes() const {
    return !changed_.empty() || !erased_.empty() || !new_patterns_.empty() || !set_aside_.empty() ||
           !losses_.empty() || siblings_.has_changes();
  }

  [[nodiscard]] std::vector<FileStatus> status() const;

 private:
  using File = Followed::File;

  // product.md 5.3: then a partial line is a record. A rotation may go on for as long.
  static constexpr base::Millis kSilent = std::chrono::seconds(10);

  // Which files there are.
  void on_events(const std::vector<loop::DirEvent>& events, bool overflowed);
  void hold_before(const std::string& path);
  void add_by_new_name(const std::string& path);
  [[nodiscard]] TailedFile* file_at(const std::string& path) const;
  void look_if_due(base::Now now, const Sink& sink);
  bool can_list();
  void look_at_all(base::Now now, std::size_t most_new, const Sink& sink);
  void keep_names(const std::map<std::string, FileId>& names);
  void put_off_look();
  void set_aside_unfound(const std::set<FileId>& found, Listings& listings);
  void renumber(Listings& listings);
  std::vector<const FoundFile*> follow_found(const std::vector<FoundFile>& files, std::size_t most_new,
                                             base::Now now);
  void watch(std::set<std::string> directories, const Listed& before);
  void found_again(TailedFile& file, const FoundFile& found);
  void adopt(const FoundFile& found, base::Now now);
  void tell(const Listing& listing);
  void tell_unfollowed(const Listing& listing);
  [[nodiscard]] bool is_unfollowed(const std::string& path) const;
  void keep_sources(std::vector<config::Source> sources, std::vector<Multiline::LineStarts> line_starts);
  [[nodiscard]] std::optional<std::size_t> source_named(const std::string& name) const;
  void set_aside(const std::vector<FileId>& ids);
  void read_again(const std::string& path);
  void forget(FileId id);
  void forget_state(FileId id);
  void drop(FileId id);

  // What became of those that are not where they were (tailer_rotation.cpp, tailer_settling.cpp).
  struct Rotation {  // of one path
    Spot spot;
    std::vector<Orphan> orphans;
    std::map<FileId, std::string> fresh;  // siblings that were not there at the last look
  };
  using RotationsByPath = std::map<std::string, Rotation>;
  static Rotation& rotation_at(RotationsByPath& all, const Spot& spot);
  void rotate_missing(const std::set<FileId>& found, RotationsByPath& all, Listings& listings, base::Now now);
  void rotated(TailedFile& file, base::Now now);
  bool place(TailedFile& file, Listings& listings);
  void resume_rotated(RotationsByPath& all, Listings& listings, base::Now now);
  void add_fresh(const Listing& listing, RotationsByPath& all);
  [[nodiscard]] std::optional<Spot> spot_of(const std::string& path) const;
  void rewritten(TailedFile& file, base::Now now);
  void let_go_with_its_name(TailedFile& file);
  [[nodiscard]] bool is_let_go(const TailedFile& file) const;
  void copy_changed(TailedFile& file, TailedFile::Seen seen);
  bool settle(Rotation rotation, base::Now now, const Sink& sink);
  void postpone(Rotation rotation);
  base::Result<Past> past_of(Rotation& rotation, base::Now now);
  base::Status add_present(TailedFile& file, Past& past, Rotation& rotation, base::Now now);
  void end_orphan(const Orphan& orphan, const Generations& found, const Past& past, base::Now now,
                  const Sink& sink);
  void keep_gone(FileState state);
  void start_over(FileId id, bool found, const Sink& sink);
  bool tell_lost(const Orphan& orphan, base::Now now);
  void suspect(const std::string& path, std::string reason, base::Now now);
  void take(File file, base::Now now);
  void lose(const std::string& path, std::uint64_t bytes, std::string reason, base::Now now);

  // Reading them.
  void queue(TailedFile& file);
  void queue_rotated();
  [[nodiscard]] bool waits(const TailedFile& file) const;
  void hold(FileId id);
  std::size_t read_file(TailedFile& file, base::Now now, std::size_t budget_bytes, const Sink& sink);
  std::size_t read_more(TailedFile& file, base::Now now, std::size_t budget_bytes, const Sink& sink);
  void record_ended(FileId id);
  base::Result<TailedFile::Seen> look(TailedFile& file);
  base::Result<bool> open(TailedFile& file);
  void tell_cut(const TailedFile& file, const RecordReader::Outcome& outcome, base::Now now);
  void trouble(TailedFile& file, const base::Error& error);
  void after_end(TailedFile& file, base::Now now, const Sink& sink);
  void finish_rotated(base::Now now, const Sink& sink);
  void end_records(base::Now now, const Sink& sink);
  [[nodiscard]] static bool is_silent(const TailedFile& file, base::Now now);
  [[nodiscard]] bool due(const TailedFile& file, base::Now now) const;
  void keep_open(TailedFile& file, base::Now now);
  void close_idle(std::size_t most);
  void make_room();
  void close_unused(base::Now now);
  [[nodiscard]] FileState state_of(const TailedFile& file) const;
  [[nodiscard]] FileState read_of(const TailedFile& file) const;

  base::Log& log_;
  Finder finder_;
  std::function<void()> on_news_;
  Watcher watcher_;
  RecordReader reader_;
  std::vector<config::Source> sources_;
  std::set<std::string> known_patterns_;
  std::set<std::string> new_patterns_;
  Remembered remembered_;
  Siblings siblings_;
  Followed files_;
  RotationsByPath unsettled_;           // for the next look
  std::map<std::string, FileId> live_;  // Listing::names
  std::set<std::string> came_;          // since then: what is written by these names may be in other files
  std::map<std::string, FileId> away_;  // rotated files, by where they stand, or stood last
  std::vector<Unfollowed> unfollowed_;
  std::deque<FileId> queue_;
  std::set<FileId> draining_;  // rotated files that are not read to their end, or were so just now
  std::set<FileId> retry_;     // files that cannot be read for now
  std::set<FileId> held_;      // live files that are read after the next look: it may find older content
  std::vector<FileId> open_;   // files that hold a descriptor, the one used last behind
  std::size_t most_open_;
  std::uint64_t turns_ = 0;

  std::set<FileId> changed_;  // these four: since take_changes()
  std::vector<FileId> erased_;
  std::map<FileId, FileState> set_aside_;
  std::vector<Loss> losses_;

  bool from_end_ = false;  // TailState::lost
  bool look_again_ = true;
  bool trim_ = true;  // gives back what listings took, once there is nothing to do: an idle agent is small
  base::Mono looked_at_{};
  base::Mono swept_at_{};
  base::Mono swept_before_{};
  base::Mono polled_at_{};
};

}  // namespace dingtail::tail
