#include "tail/tailer.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "tail/rotation.h"

namespace dingtail::tail {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = 256UL * 1024;
constexpr base::Millis kSweep = std::chrono::seconds(60);
constexpr base::Millis kSweepUnwatched = std::chrono::seconds(1);
constexpr base::Millis kBetweenLooks{20};                   // a burst of new names costs one look
constexpr base::Millis kSilent = std::chrono::seconds(10);  // product.md 5.3: then a partial line is a record
constexpr base::Millis kRotatedKept = std::chrono::minutes(10);  // a writer may keep the old file for a while

std::string parent_of(const std::string& path) {
  return fs::path(path).parent_path().string();
}

const char* words(Why why) {
  switch (why) {
    case Why::kMissing:
      return "no such file; it is followed when it appears";
    case Why::kIrregular:
      return "not a regular file";
    case Why::kDenied:
      return "permission denied; it is followed when the agent's user may read it";
  }
  return "";
}

}  // namespace

Tailer::Tailer(loop::Loop& loop, base::Log& log, std::string own_directory, std::function<void()> on_news)
    : log_(log), finder_(std::move(own_directory)), on_news_(std::move(on_news)), buffer_(kBufferBytes) {
  auto opened = loop::DirWatch::open(loop, [this](const std::vector<loop::DirEvent>& events,
                                                  bool overflowed) { on_events(events, overflowed); });
  if (opened)
    watch_ = std::move(*opened);
  else
    log_.say(base::Event::kWatchFailed, "",
             opened.error().what + "; files are looked at each second instead");
}

void Tailer::follow(std::vector<config::Source> sources, TailState stored, base::Now now) {
  keep_sources(std::move(sources));
  finder_.set_sources(sources_);
  for (const auto& source : sources_) buffer_.grow(source.max_record_bytes + 1);
  known_patterns_.merge(stored.patterns);
  for (auto& file : stored.files) remembered_.add(std::move(file));
  swept_at_ = now.mono;
  look_at_all(now);
  resume_rotated(now);
}

// Files know their source by index: those of a source that is gone are let go, the others take its new index.
void Tailer::keep_sources(std::vector<config::Source> sources) {
  const auto is_gone = [&](const TailedFile& file) {
    const auto& name = sources_[file.source()].name;
    return std::none_of(sources.begin(), sources.end(),
                        [&](const config::Source& s) { return s.name == name; });
  };
  std::vector<FileId> gone;
  for (const auto& [id, file] : files_)
    if (is_gone(*file)) gone.push_back(id);
  for (const auto id : gone) set_aside(id);
  const auto old = std::exchange(sources_, std::move(sources));
  for (const auto& [id, file] : files_) file->rename(file->path(), *source_named(old[file->source()].name));
}

void Tailer::on_events(const std::vector<loop::DirEvent>& events, bool overflowed) {
  if (overflowed) {
    log_.say(base::Event::kEventsOverflowed, "", "file events were lost: looking at every file");
    queue_all();
    look_again_ = true;
  }
  for (const auto& event : events) {
    look_again_ = look_again_ || event.listing;
    const std::string path = event.directory + (event.directory == "/" ? "" : "/") + event.name;
    if (const auto live = live_.find(path); live != live_.end()) {
      queue(*files_.at(live->second));
      continue;
    }
    for (const auto id : rotated_)  // a rotated file's new name is not known
      if (parent_of(files_.at(id)->path()) == event.directory) queue(*files_.at(id));
  }
  on_news_();
}

void Tailer::look_at_all(base::Now now) {
  look_again_ = false;
  looked_at_ = now.mono;
  auto listing = finder_.look();
  live_.swap(listing.names);
  std::set<FileId> found;
  for (const auto& file : listing.files) {
    found.insert(file.info.id);
    adopt(file);
  }
  for (auto& key : listing.pattern_keys)
    if (known_patterns_.insert(key).second) new_patterns_.insert(key);
  rotate_missing(found, now);
  const auto recently = rotated_;
  for (const auto id : recently)
    if (const auto& file = *files_.at(id); now.mono < file.rotated_at + kSilent) drain_missed(file, now);
  watch(listing.directories);
  tell(listing);
}

// What an operator should hear of: each once until it changes.
void Tailer::tell(const Listing& listing) {
  const auto was_unfollowed = std::exchange(unfollowed_, listing.unfollowed);
  for (const auto& [path, source, why] : unfollowed_)
    log_.say(why == Why::kMissing ? base::Event::kFileMissing : base::Event::kFileUnreadable, path,
             words(why));
  for (const auto& [path, source, why] : was_unfollowed) {
    const bool was_missing = live_.contains(path) && log_.over(base::Event::kFileMissing, path);
    const bool was_denied =
        why == Why::kDenied && !is_unfollowed(path) && log_.over(base::Event::kFileUnreadable, path);
    if (was_missing || was_denied)
      log_.say(base::Event::kFileBack, path, was_missing ? "appeared" : "readable again");
  }
  for (const auto& pattern : listing.empty_patterns)
    log_.say(base::Event::kSourceWithoutFiles, pattern, "matches no file yet");
  for (const auto& [path, source] : listing.shared) {
    const auto& owner = sources_[files_.at(live_.at(path))->source()].name;
    if (owner != sources_[source].name)
      log_.say(base::Event::kFileInTwoSources, path,
               "is in sources " + owner + " and " + sources_[source].name + ": the first owns it");
  }
}

bool Tailer::is_unfollowed(const std::string& path) const {
  return std::any_of(unfollowed_.begin(), unfollowed_.end(),
                     [&](const Unfollowed& u) { return u.path == path; });
}

void Tailer::adopt(const FoundFile& found) {
  const auto id = found.info.id;
  if (const auto known = files_.find(id); known != files_.end()) {
    auto& file = *known->second;
    if (file.path() != found.path || file.source() != found.source || file.life != Life::kLive)
      changed_.insert(id);
    file.rename(found.path, found.source);
    file.life = Life::kLive;
    rotated_.erase(id);
    queue(file);
    return;
  }
  auto file = std::make_unique<TailedFile>(id, found.path, found.source);
  if (const auto known_before = remembered_.take(*file)) {
    if (known_before->id != id) erased_.push_back(known_before->id);
    resume(*file, *known_before);
  } else if (!known_patterns_.contains(found.pattern) &&
             sources_[found.source].read_from == config::ReadFrom::kEnd) {
    file->begin_at_end(found.info.size);
  }
  log_.say(base::Event::kFileFollowed, found.path, "from byte " + std::to_string(file->cursor.position));
  static_cast<void>(file->open());  // before a rotation can take its name
  queue(*file);
  changed_.insert(id);
  files_[id] = std::move(file);
}

void Tailer::resume(TailedFile& file, const FileState& state) {
  file.cursor = Cursor::at(state.position, state.tail);
  file.head = state.head;
}

void Tailer::rotate_missing(const std::set<FileId>& found, base::Now now) {
  std::vector<FileId> unnamed;
  std::vector<FileId> rotated;
  for (const auto& [id, file] : files_) {
    if (found.contains(id) || file->life == Life::kRotated) continue;
    if (const auto there = stat_file(file->path()); there && there->id == id) {
      unnamed.push_back(id);
      continue;
    }
    file->life = Life::kRotated;
    file->quiet_since = file->rotated_at = now.mono;
    file->rest_read = false;
    rotated.push_back(id);
    log_.say(base::Event::kFileRotated, file->path(), "renamed or deleted: it is read to its end");
  }
  look_again_ = !rotated.empty();  // a rotation under way may have hidden files from this look
  for (const auto id : rotated) {
    auto& file = *files_.at(id);
    rotated_.insert(id);
    changed_.insert(id);
    if (!file.is_open()) relocate(file);
    if (std::exchange(file.queued, false)) std::erase(queue_, id);
    queue(file);
  }
  for (const auto id : unnamed) {
    log_.say(base::Event::kFileGone, files_.at(id)->path(),
             "no source names it any more: its position is kept");
    set_aside(id);
  }
}

// Files of the last run that no pattern finds.
void Tailer::resume_rotated(base::Now now) {
  for (const auto& [state, path] :
       remembered_.settle([this](const auto& name) { return source_named(name).has_value(); })) {
    const auto source = source_named(state.source);
    if (source) {
      TailedFile old(state.id, path.value_or(state.path), *source);
      resume(old, state);
      static_cast<void>(old.open());
      old.rename(state.path, *source);
      drain_missed(old, now);
    }
    if (path) {
      auto file = std::make_unique<TailedFile>(state.id, *path, *source);
      resume(*file, state);
      drain(std::move(file), now);
      continue;
    }
    log_.say(base::Event::kFileGone, state.path,
             "deleted while the agent was down: from byte " + std::to_string(state.position) +
                 " on it may be unread");
    erased_.push_back(state.id);
  }
}

// Lets a file go and remembers how far it was read, in case it comes back.
void Tailer::set_aside(FileId id) {
  const auto state = state_of(*files_.at(id));
  for (const auto gone : remembered_.forget_gone(parent_of(state.path))) erased_.push_back(gone);
  set_aside_.push_back(state);
  remembered_.add(state);
  files_.erase(id);
  rotated_.erase(id);
  changed_.erase(id);
}

FileState Tailer::state_of(const TailedFile& file) const {
  return {file.id(), file.path(),     sources_[file.source()].name, file.cursor.position, file.life,
          file.head, file.cursor.tail};
}

// Takes a file that is no source of its own, to be read to its end.
void Tailer::drain(File file, base::Now now) {
  const auto id = file->id();
  file->life = Life::kRotated;
  file->quiet_since = now.mono;
  queue(*file);
  rotated_.insert(id);
  changed_.insert(id);
  files_[id] = std::move(file);
}

// Truncated, or its inode holds another file now. What copytruncate copied away before is drained first.
void Tailer::rewritten(TailedFile& file, base::Now now) {
  auto copy = find_copy(file, [this](FileId id) { return files_.contains(id); });
  log_.say(base::Event::kFileTruncated, file.path(),
           copy ? "truncated: " + copy->path() + " holds what was in it and is read to its end first"
                : "truncated or written anew: read from its beginning");
  file.start_anew();
  changed_.insert(file.id());
  queue(file);
  if (copy) drain(std::move(copy), now);
}

// What stood at its path after it and was renamed away before anyone looked: read whole, after it and before
// its successor.
void Tailer::drain_missed(const TailedFile& old, base::Now now) {
  constexpr int kTries = 5;  // while a rotation is under way
  const auto live = live_.find(old.path());
  const auto successor = live == live_.end() ? std::nullopt : std::optional(live->second);
  const auto is_known = [this](FileId id) { return files_.contains(id) || remembered_.contains(id); };
  bool complete = false;
  for (int i = 0; i < kTries && !complete; ++i) {
    auto missed = find_missed(old, successor, is_known);
    complete = missed.complete;
    for (auto& file : missed.files) {
      log_.say(base::Event::kFileRotated, file->path(), "renamed before it was seen: it is read whole");
      drain(std::move(file), now);
    }
  }
}

// A file that was renamed before it could be opened: looked for by identity where it was.
void Tailer::relocate(TailedFile& file) {
  const auto listing = list_by_id(parent_of(file.path()));
  if (listing && listing->contains(file.id())) file.rename(listing->at(file.id()), file.source());
  static_cast<void>(file.open());  // what hinders it is told when it is read
}

std::optional<std::size_t> Tailer::source_named(const std::string& name) const {
  for (std::size_t i = 0; i < sources_.size(); ++i)
    if (sources_[i].name == name) return i;
  return std::nullopt;
}

void Tailer::watch(std::set<std::string> directories) {
  all_watched_ = watch_ != nullptr;
  if (watch_ == nullptr) return;
  for (const auto id : rotated_) directories.insert(parent_of(files_.at(id)->path()));
  watch_->keep_only(directories);
  for (const auto& directory : directories) {
    if (const auto added = watch_->add(directory); !added) {
      all_watched_ = false;
      log_.say(base::Event::kWatchFailed, directory,
               added.error().what + "; it is looked at each second instead");
    } else {
      log_.over(base::Event::kWatchFailed, directory);
    }
  }
}

// What was renamed away is read before its successor, the oldest first.
void Tailer::queue(TailedFile& file) {
  if (file.queued) return;
  file.queued = true;
  const auto comes_later = [&](FileId other) {
    const auto known = files_.find(other);
    return known == files_.end() || known->second->life == Life::kLive || other.birth > file.id().birth;
  };
  const auto at =
      file.life == Life::kLive ? queue_.end() : std::find_if(queue_.begin(), queue_.end(), comes_later);
  queue_.insert(at, file.id());
}

void Tailer::queue_all() {
  for (const auto& [id, file] : files_) queue(*file);
}

bool Tailer::read(base::Now now, std::size_t budget_bytes, const Sink& sink) {
  const auto sweep = all_watched_ ? kSweep : kSweepUnwatched;
  if (now.mono >= swept_at_ + sweep) {
    swept_at_ = now.mono;
    look_again_ = true;
    queue_all();
  }
  if (look_again_ && now.mono >= looked_at_ + kBetweenLooks) look_at_all(now);
  std::size_t done = 0;
  while (!queue_.empty() && done < budget_bytes) {
    const FileId id = queue_.front();
    queue_.pop_front();
    const auto known = files_.find(id);
    if (known == files_.end()) continue;
    known->second->queued = false;
    done += read_file(*known->second, now, budget_bytes - done, sink);
  }
  finish_rotated(now, sink);
  return !queue_.empty();
}

std::size_t Tailer::read_file(TailedFile& file, base::Now now, std::size_t budget_bytes, const Sink& sink) {
  const auto seen = file.look();
  if (!seen) {
    file.trouble = seen.error().what;
    log_.say(base::Event::kFileUnreadable, file.path(), file.trouble + "; it is read when that is mended");
    return 0;
  }
  if (*seen == TailedFile::Seen::kReplaced) {
    look_again_ = true;
    return 0;
  }
  if (!file.trouble.empty()) {
    file.trouble.clear();
    log_.over(base::Event::kFileUnreadable, file.path());
    log_.say(base::Event::kFileBack, file.path(), "readable again");
  }
  if (*seen == TailedFile::Seen::kRewritten) {
    rewritten(file, now);
    return 0;
  }
  std::size_t done = 0;
  while (*seen != TailedFile::Seen::kNothing && done < budget_bytes) {
    const auto lines = buffer_.next(file.reader(), file.cursor, sources_[file.source()].max_record_bytes);
    if (!lines) {
      file.trouble = lines.error().what;
      log_.say(base::Event::kFileUnreadable, file.path(), file.trouble);
      return done;
    }
    if (lines->rewritten) {
      rewritten(file, now);
      return done;
    }
    file.quiet_since = now.mono;
    file.rest_read = false;
    done += std::max<std::size_t>(hand_out(file, *lines, sink), 1);
    if (lines->end_of_file) break;
  }
  if (done >= budget_bytes) queue(file);
  if (file.life == Life::kRotated) after_end(file, now, sink);
  return done;
}

std::size_t Tailer::hand_out(TailedFile& file, const Lines& lines, const Sink& sink) {
  if (lines.bytes.empty()) return kBufferBytes;  // a partial or overlong line: read, though not handed out
  const auto& source = sources_[file.source()];
  if (lines.records_cut > 0)
    log_.say(base::Event::kRecordsCut, file.path(),
             "has records over " + std::to_string(source.max_record_bytes) + " bytes: matched on their head");
  changed_.insert(file.id());
  file.grow_head();
  sink({lines.bytes, file.path(), source.name, source.max_record_bytes});
  return lines.bytes.size();
}

// A renamed or deleted file, read to its end: a partial line is a record once it can't be completed.
void Tailer::after_end(TailedFile& file, base::Now now, const Sink& sink) {
  const bool final = file.deleted() || now.mono >= file.quiet_since + kSilent;
  if (file.queued || file.rest_read || !final) return;
  file.rest_read = true;
  const auto lines = buffer_.rest(file.reader(), file.cursor, sources_[file.source()].max_record_bytes);
  if (lines && !lines->bytes.empty()) hand_out(file, *lines, sink);
}

// Lets go of renamed and deleted files, each after a last look, when they have been silent for long enough.
void Tailer::finish_rotated(base::Now now, const Sink& sink) {
  const auto waiting = rotated_;
  for (const auto id : waiting) {
    auto& file = *files_.at(id);
    if (file.queued || (file.is_open() && now.mono < rotated_due(file))) continue;
    read_file(file, now, kBufferBytes, sink);
    if (!file.is_open()) {
      log_.say(base::Event::kFileGone, file.path(), "gone before it could be opened");
      forget(id);
    } else if (file.rest_read && now.mono >= rotated_due(file)) {
      if (file.deleted())
        forget(id);
      else
        set_aside(id);
    }
  }
}

// When there is something to do about it by time alone: its partial line becomes a record, or it is let go.
base::Mono Tailer::rotated_due(const TailedFile& file) {
  return file.quiet_since + (file.rest_read && !file.deleted() ? kRotatedKept : kSilent);
}

void Tailer::forget(FileId id) {
  files_.erase(id);
  rotated_.erase(id);
  changed_.erase(id);
  erased_.push_back(id);
}

base::Mono Tailer::next_deadline() const {
  base::Mono next = swept_at_ + (all_watched_ ? kSweep : kSweepUnwatched);
  if (look_again_) next = std::min(next, looked_at_ + kBetweenLooks);
  for (const auto id : rotated_) next = std::min(next, rotated_due(*files_.at(id)));
  return next;
}

TailChanges Tailer::take_changes() {
  TailChanges out;
  for (const auto id : changed_) out.changed.push_back(state_of(*files_.at(id)));
  out.changed.insert(out.changed.end(), set_aside_.begin(), set_aside_.end());
  set_aside_.clear();
  changed_.clear();
  out.erased.swap(erased_);
  out.patterns.swap(new_patterns_);
  return out;
}

std::vector<FileStatus> Tailer::status() const {
  std::vector<FileStatus> out;
  for (const auto& [id, file] : files_) {
    const auto info = stat_file(file->path());
    const bool same = info && info->id == id;
    const bool live = file->life == Life::kLive;
    out.push_back({file->path(), sources_[file->source()].name,
                   !file->trouble.empty() ? "unreadable" : (live ? "following" : "rotated"),
                   file->cursor.position, same ? info->size : file->cursor.position, file->trouble});
  }
  for (const auto& [path, source, why] : unfollowed_)
    out.push_back(
        {path, sources_[source].name, why == Why::kMissing ? "missing" : "unreadable", 0, 0, words(why)});
  return out;
}

}  // namespace dingtail::tail
