#include "tail/tailer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tail/glob.h"

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

// The agent's own log, where stdout or stderr is a file: following it would feed on itself.
bool is_own_output(FileId id) {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat info {};
    if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && FileId{info.st_dev, info.st_ino} == id)
      return true;
  }
  return false;
}

std::optional<std::string> find_by_id(const std::string& directory, FileId id) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const auto info = stat_file(entry.path().string());
    if (info && info->id == id) return entry.path().string();
  }
  return std::nullopt;
}

}  // namespace

Tailer::Tailer(loop::Loop& loop, base::Log& log, std::string own_directory, std::function<void()> on_news)
    : log_(log),
      own_directory_(std::move(own_directory)),
      on_news_(std::move(on_news)),
      buffer_(kBufferBytes) {
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
  patterns_.clear();
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    buffer_.grow(sources_[i].max_record_bytes + 1);
    for (const auto& path : sources_[i].paths)
      for (auto& pattern : expand_braces(path))
        patterns_.push_back({pattern, i, sources_[i].name + '\x1f' + pattern});
  }
  known_patterns_.merge(stored.patterns);
  for (auto& file : stored.files) stored_[file.id] = std::move(file);
  swept_at_ = now.mono;
  look_at_all(now);
  resume_rotated(now);
}

// Files know their source by index: those of a source that is gone are let go, the others take its new index.
void Tailer::keep_sources(std::vector<config::Source> sources) {
  std::vector<std::string> names;  // of the files' sources, by the old index
  for (const auto& source : sources_) names.push_back(source.name);
  sources_ = std::move(sources);
  std::vector<FileId> gone;
  for (const auto& [id, file] : files_) {
    if (const auto kept = source_named(names[file->source()]))
      file->rename(file->path(), *kept);
    else
      gone.push_back(id);
  }
  for (const auto id : gone) forget(id);
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

bool Tailer::excluded(const std::string& path, const config::Source& source) const {
  if (!own_directory_.empty() && path.starts_with(own_directory_ + "/")) return true;
  return std::any_of(source.exclude.begin(), source.exclude.end(),
                     [&](const std::string& pattern) { return matches_path(pattern, path); });
}

void Tailer::look_at_all(base::Now now) {
  look_again_ = false;
  looked_at_ = now.mono;
  std::set<FileId> found;
  std::set<std::string> directories;
  live_.clear();
  troubles_.clear();
  for (const auto& pattern : patterns_) look_at_pattern(pattern, found, directories);
  for (const auto& pattern : patterns_)
    if (known_patterns_.insert(pattern.key).second) new_patterns_.insert(pattern.key);
  rotate_missing(found, now);
  watch(directories);
}

void Tailer::look_at_pattern(const Pattern& pattern, std::set<FileId>& found,
                             std::set<std::string>& directories) {
  bool any = false;
  const GlobVisitor visit = {[&](const std::string& path) {
                               any = true;
                               found_file(path, pattern, found, directories);
                             },
                             [&](const std::string& directory) { directories.insert(directory); }};
  walk(pattern.text, visit);
  const auto& source = sources_[pattern.source].name;
  if (any) {
    if (log_.over(base::Event::kFileMissing, pattern.text))
      log_.say(base::Event::kFileBack, pattern.text, "appeared");
  } else if (has_wildcard(pattern.text)) {
    log_.say(base::Event::kSourceWithoutFiles, source, "no file matches " + pattern.text + " yet");
  } else {
    trouble(base::Event::kFileMissing, pattern.text, source, "no such file; it is followed when it appears");
  }
}

void Tailer::found_file(const std::string& path, const Pattern& pattern, std::set<FileId>& found,
                        std::set<std::string>& directories) {
  const auto& source = sources_[pattern.source];
  if (excluded(path, source)) return;
  const auto info = stat_file(path);
  if (!info) return;
  if (!info->regular) {
    if (!has_wildcard(pattern.text))
      trouble(base::Event::kFileUnreadable, path, source.name, "not a regular file");
    return;
  }
  if (is_own_output(info->id)) return;
  std::error_code error;
  const auto real = fs::canonical(path, error).string();
  if (!real.empty() && real != path) {
    directories.insert(parent_of(real));
    live_[real] = info->id;
  }
  live_[path] = info->id;
  if (found.insert(info->id).second) {
    adopt(*info, path, pattern);
    return;
  }
  const auto& owner = sources_[files_.at(info->id)->source()].name;
  if (owner != source.name)
    log_.say(base::Event::kFileInTwoSources, path,
             "is in sources " + owner + " and " + source.name + ": the first owns it");
}

void Tailer::adopt(const FileStat& info, const std::string& path, const Pattern& pattern) {
  if (const auto known = files_.find(info.id); known != files_.end()) {
    auto& file = *known->second;
    if (file.path() != path || file.source() != pattern.source || file.life != Life::kLive)
      changed_.insert(info.id);
    file.rename(path, pattern.source);
    file.life = Life::kLive;
    rotated_.erase(info.id);
    queue(file);
    return;
  }
  auto file = std::make_unique<TailedFile>(info.id, path, pattern.source);
  if (const auto stored = stored_.find(info.id); stored != stored_.end()) {
    file->cursor = {stored->second.position, stored->second.position};
    stored_.erase(stored);
  } else if (!known_patterns_.contains(pattern.key) &&
             sources_[pattern.source].read_from == config::ReadFrom::kEnd) {
    file->begin_at_end(info.size);
  }
  log_.say(base::Event::kFileFollowed, path, "from byte " + std::to_string(file->cursor.position));
  queue(*file);
  changed_.insert(info.id);
  files_[info.id] = std::move(file);
}

void Tailer::rotate_missing(const std::set<FileId>& found, base::Now now) {
  for (const auto& [id, file] : files_) {
    if (found.contains(id) || file->life == Life::kRotated) continue;
    file->life = Life::kRotated;
    file->quiet_since = now.mono;
    file->rest_read = false;
    rotated_.insert(id);
    changed_.insert(id);
    log_.say(base::Event::kFileRotated, file->path(), "renamed or deleted: it is read to its end");
    queue(*file);
  }
}

// Files of the last run that no glob finds: renamed while the agent was down. Looked for by identity in the
// directory where they were.
void Tailer::resume_rotated(base::Now now) {
  for (const auto& [id, state] : stored_) {
    const auto path = find_by_id(parent_of(state.path), id);
    const auto source = source_named(state.source);
    if (!path || !source) {
      log_.say(base::Event::kFileGone, state.path,
               "deleted while the agent was down: from byte " + std::to_string(state.position) +
                   " on it may be unread");
      erased_.push_back(id);
      continue;
    }
    auto file = std::make_unique<TailedFile>(id, *path, *source);
    file->cursor = {state.position, state.position};
    file->life = Life::kRotated;
    file->quiet_since = now.mono;
    queue(*file);
    rotated_.insert(id);
    changed_.insert(id);
    files_[id] = std::move(file);
  }
  stored_.clear();
}

std::optional<std::size_t> Tailer::source_named(const std::string& name) const {
  for (std::size_t i = 0; i < sources_.size(); ++i)
    if (sources_[i].name == name) return i;
  return std::nullopt;
}

void Tailer::watch(const std::set<std::string>& directories) {
  all_watched_ = watch_ != nullptr;
  for (const auto& directory : directories) {
    if (watch_ == nullptr) return;
    if (const auto added = watch_->add(directory); !added) {
      all_watched_ = false;
      log_.say(base::Event::kWatchFailed, directory,
               added.error().what + "; it is looked at each second instead");
    } else {
      log_.over(base::Event::kWatchFailed, directory);
    }
  }
}

void Tailer::trouble(base::Event event, const std::string& path, const std::string& source,
                     const std::string& reason) {
  log_.say(event, path, reason);
  troubles_[path] = {event == base::Event::kFileMissing ? "missing" : "unreadable", source, reason};
}

void Tailer::queue(TailedFile& file) {
  if (file.queued) return;
  file.queued = true;
  // What was renamed away is read before its successor.
  if (file.life == Life::kRotated)
    queue_.push_front(file.id());
  else
    queue_.push_back(file.id());
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
  if (*seen == TailedFile::Seen::kTruncated)
    log_.say(base::Event::kFileTruncated, file.path(),
             "shorter than what was read: read again from its beginning");
  std::size_t done = 0;
  while (*seen != TailedFile::Seen::kNothing && done < budget_bytes) {
    const auto lines = buffer_.next(file.reader(), file.cursor, sources_[file.source()].max_record_bytes);
    if (!lines) {
      file.trouble = lines.error().what;
      log_.say(base::Event::kFileUnreadable, file.path(), file.trouble);
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

void Tailer::finish_rotated(base::Now now, const Sink& sink) {
  std::vector<FileId> done;
  for (const auto id : rotated_) {
    auto& file = files_.at(id);
    if (file->queued) continue;
    if (!file->is_open()) {
      log_.say(base::Event::kFileGone, file->path(), "gone before it could be opened");
      done.push_back(id);
      continue;
    }
    after_end(*file, now, sink);
    if (file->rest_read && (file->deleted() || now.mono >= file->quiet_since + kRotatedKept))
      done.push_back(id);
  }
  for (const auto id : done) forget(id);
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
  for (const auto id : rotated_) {
    const auto& file = files_.at(id);
    next = std::min(next, file->quiet_since + (file->rest_read ? kRotatedKept : kSilent));
  }
  return next;
}

TailChanges Tailer::take_changes() {
  TailChanges out;
  for (const auto id : changed_) {
    const auto& file = files_.at(id);
    out.changed.push_back(
        {id, file->path(), sources_[file->source()].name, file->cursor.position, file->life});
  }
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
  for (const auto& [path, trouble] : troubles_)
    out.push_back({path, trouble.source, trouble.state, 0, 0, trouble.reason});
  return out;
}

}  // namespace dingtail::tail
