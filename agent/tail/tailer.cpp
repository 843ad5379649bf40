#include "tail/tailer.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "tail/glob.h"

namespace dingtail::tail {
namespace {

namespace fs = std::filesystem;

constexpr base::Millis kSweep = std::chrono::seconds(60);
constexpr base::Millis kPoll = std::chrono::seconds(1);  // of what is not told of
constexpr std::size_t kMostOpen = 64;
constexpr std::size_t kMostNew = 1000;  // files that a look begins to follow: some ten milliseconds

// A burst of new names costs one look; the more there is to look at, the rarer.
base::Millis between_looks(std::size_t files) {
  return base::Millis(20 + files / 20);
}

// Descriptors are kept for the files read last; of few that there are, most are others'.
std::size_t most_open() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMostOpen;
  return std::clamp<std::size_t>(limit.rlim_cur / 4, 4, kMostOpen);
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
    : log_(log),
      finder_(std::move(own_directory)),
      on_news_(std::move(on_news)),
      watcher_(loop, log,
               [this](const std::vector<loop::DirEvent>& events, bool overflowed) {
                 on_events(events, overflowed);
               }),
      most_open_(most_open()) {}

void Tailer::follow(std::vector<config::Source> sources, TailState stored, base::Now now,
                    std::vector<Multiline::LineStarts> line_starts) {
  keep_sources(std::move(sources), std::move(line_starts));
  finder_.set_sources(sources_);
  known_patterns_.merge(stored.patterns);
  for (auto& file : stored.files) remembered_.add(std::move(file));
  siblings_.restore(std::move(stored.listed));
  swept_at_ = polled_at_ = now.mono;
  from_end_ = stored.lost;
  look_at_all(now, std::numeric_limits<std::size_t>::max(), [](const Block&) {});  // no record is open yet
  from_end_ = false;
}

// Files know their source by index: those of a source that is gone are let go, the others take its new index.
void Tailer::keep_sources(std::vector<config::Source> sources,
                          std::vector<Multiline::LineStarts> line_starts) {
  const auto is_gone = [&](const TailedFile& file) {
    const auto& name = sources_[file.source()].name;
    return std::none_of(sources.begin(), sources.end(),
                        [&](const config::Source& s) { return s.name == name; });
  };
  std::vector<FileId> gone;
  for (const auto& [id, file] : files_.all()) {
    if (is_gone(*file)) gone.push_back(id);
    file->form.reset();
    if (const auto* held = reader_.held(id)) file->cursor = *held;  // its open record is read again
  }
  for (const auto id : gone) set_aside(id);
  const auto old = std::exchange(sources_, std::move(sources));
  for (const auto& [id, file] : files_.all()) file->set_source(*source_named(old[file->source()].name));
  reader_.set_sources(sources_, std::move(line_starts));
}

std::optional<std::size_t> Tailer::source_named(const std::string& name) const {
  for (std::size_t i = 0; i < sources_.size(); ++i)
    if (sources_[i].name == name) return i;
  return std::nullopt;
}

void Tailer::on_events(const std::vector<loop::DirEvent>& events, bool overflowed) {
  if (overflowed) {
    log_.say(base::Event::kEventsOverflowed, "", "file events were lost: looking at every file");
    queue_rotated();
    look_again_ = true;
  }
  for (const auto& event : events) {
    const std::string path = event.directory + (event.directory == "/" ? "" : "/") + event.name;
    look_again_ = look_again_ || event.listing || siblings_.waits_for(path);
    if (auto* file = file_at(path)) {
      (event.listing ? file->renamed : file->written_to) = true;
      queue(*file);
    }
    if (!event.listing) continue;
    if (const auto base = base_of(path))
      if (const auto live = live_.find(*base); live != live_.end()) hold(live->second);
  }
  on_news_();
}

TailedFile* Tailer::file_at(const std::string& path) const {
  for (const auto* names : {&live_, &away_})
    if (const auto named = names->find(path); named != names->end())
      if (auto* file = files_.find(named->second)) return file;
  return nullptr;
}

void Tailer::look_if_due(base::Now now, const Sink& sink) {
  if (now.mono >= swept_at_ + kSweep) {
    swept_at_ = now.mono;
    look_again_ = true;
    close_unused(now);
    queue_rotated();
  }
  if (now.mono >= polled_at_ + kPoll) {
    polled_at_ = now.mono;
    for (const auto id : retry_) queue(files_.at(id));
    if (!watcher_.silent().empty()) {
      look_again_ = true;
      queue_rotated();
    }
  }
  for (const auto id : draining_) {
    const auto& file = files_.at(id);
    look_again_ = look_again_ || (is_silent(file, now) && !due(file, now));
  }
  if (!look_again_ || now.mono < looked_at_ + between_looks(files_.size())) return;
  looked_at_ = now.mono;
  if (!can_list()) return;
  look_at_all(now, kMostNew, sink);
  trim_ = trim_ || looked_at_ == swept_at_;
}

// Without a descriptor to be had, every directory would look empty.
bool Tailer::can_list() {
  const auto open_any = [] { return base::Fd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); };
  if (open_any()) return true;
  make_room();
  return static_cast<bool>(open_any());
}

void Tailer::look_at_all(base::Now now, std::size_t most_new, const Sink& sink) {
  look_again_ = false;
  looked_at_ = now.mono;
  auto listing = finder_.look();
  live_.swap(listing.names);
  std::set<FileId> found;
  std::size_t adopted = 0;
  for (auto& file : listing.files) {
    found.insert(file.info.id);
    if (auto* known = files_.find(file.info.id))
      found_again(*known, std::move(file));
    else if (adopted++ < most_new)
      adopt(std::move(file), now);
    else
      look_again_ = true;
  }
  if (!can_list()) {  // the new files took what there was
    look_again_ = true;
    return;
  }
  RotationsByPath all = std::exchange(unsettled_, {});
  rotate_missing(found, all, now);
  resume_rotated(all, now);
  add_fresh(listing.directories, known_patterns_, all);
  for (auto& [path, rotation] : all) settle(std::move(rotation), now, sink);
  for (auto& key : listing.pattern_keys)
    if (known_patterns_.insert(key).second) new_patterns_.insert(key);
  away_.clear();
  for (const auto& [id, file] : files_.all()) {
    if (file->life == Life::kLive) continue;
    away_[file->at()] = id;
    listing.directories.insert(fs::path(file->at()).parent_path().string());
  }
  for (const auto id : std::exchange(held_, {}))
    if (auto* file = files_.find(id)) queue(*file);
  watcher_.watch(listing.directories);
  tell(listing);
}

void Tailer::found_again(TailedFile& file, FoundFile found) {
  if (file.spot() != found.spot || file.life != Life::kLive) {
    changed_.insert(file.id());
    files_.found_at(file, std::move(found.spot));
    file.life = Life::kLive;
    draining_.erase(file.id());
  }
  if (file.head.size == 0 && found.info.size > 0) {
    file.note(found.info);
    if (file.open()) file.see(found.info.size);
    changed_.insert(file.id());
  }
  if (!file.is_known(found.info)) queue(file);
}

void Tailer::adopt(FoundFile found, base::Now now) {
  const auto id = found.info.id;
  const bool is_new_pattern = !known_patterns_.contains(std::string(found.pattern));
  const auto read_from = sources_[found.spot.source].read_from;
  auto file = std::make_unique<TailedFile>(id, std::move(found.spot));
  const auto before = files_.all().lower_bound({id.device, id.inode, 0});
  if (before != files_.all().end() && Remembered::is_reborn(before->first, *file)) {
    reader_.drop(file->path());
    set_aside(before->first);
  }
  const auto known_before = remembered_.take(*file);
  if (known_before) {
    if (known_before->id != id) erased_.push_back(known_before->id);
    std::erase_if(set_aside_, [&](const FileState& state) { return state.id == known_before->id; });
    file->resume(*known_before);
    file->note(found.info);
    file->life = Life::kLive;
  } else if (from_end_ || (is_new_pattern && read_from == config::ReadFrom::kEnd)) {
    reader_.begin_at_end(*file, found.info.size);
  }
  log_.say(base::Event::kFileFollowed, file->path(), "from byte " + std::to_string(file->cursor.position));
  const auto opened = file->open();  // before a rotation can take its name
  if (!known_before) file->note(found.info);
  if (!known_before && opened && *opened) file->see(found.info.size);
  queue(*file);
  changed_.insert(id);
  keep_open(files_.add(std::move(file)), now);
  close_idle(most_open_);
}

// What an operator should hear of: each once until it changes.
void Tailer::tell(const Listing& listing) {
  tell_unfollowed(listing);
  for (const auto& pattern : listing.empty_patterns)
    log_.say(base::Event::kSourceWithoutFiles, pattern, "matches no file yet");
  for (const auto& [path, source] : listing.shared) {
    const auto* file = files_.find(live_.at(path));
    if (file == nullptr) continue;  // it is followed later
    const auto& owner = sources_[file->source()].name;
    if (owner != sources_[source].name)
      log_.say(base::Event::kFileInTwoSources, path,
               "is in sources " + owner + " and " + sources_[source].name + ": the first owns it");
  }
}

void Tailer::tell_unfollowed(const Listing& listing) {
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
}

bool Tailer::is_unfollowed(const std::string& path) const {
  return std::any_of(unfollowed_.begin(), unfollowed_.end(),
                     [&](const Unfollowed& u) { return u.path == path; });
}

// Lets a file go and remembers how far it was read, in case it comes back.
void Tailer::set_aside(FileId id) {
  const auto state = state_of(files_.at(id));
  for (const auto gone : remembered_.forget_gone(fs::path(state.real).parent_path().string()))
    erased_.push_back(gone);
  set_aside_.push_back(state);
  remembered_.add(state);
  drop(id);
}

// Its state goes too.
void Tailer::forget(FileId id) {
  drop(id);
  erased_.push_back(id);
}

void Tailer::drop(FileId id) {
  files_.erase(id);
  draining_.erase(id);
  held_.erase(id);
  retry_.erase(id);
  changed_.erase(id);
  std::erase(open_, id);
}

FileState Tailer::state_of(const TailedFile& file) const {
  const auto* held = reader_.held(file.id());
  return file.state(sources_[file.source()].name, held != nullptr ? *held : file.cursor);
}

base::Mono Tailer::next_deadline() const {
  base::Mono next = swept_at_ + kSweep;
  if (!retry_.empty() || !watcher_.silent().empty()) next = std::min(next, polled_at_ + kPoll);
  if (look_again_) next = std::min(next, looked_at_ + between_looks(files_.size()));
  for (const auto id : draining_)
    if (const auto& file = files_.at(id); file.trouble.empty() && reader_.held(id) == nullptr)
      next = std::min(next, file.quiet_since + kSilent);
  if (const auto due = reader_.next_deadline()) next = std::min(next, *due);
  return next;
}

TailChanges Tailer::take_changes() {
  TailChanges out;
  for (const auto id : changed_) out.changed.push_back(state_of(files_.at(id)));
  out.changed.insert(out.changed.end(), set_aside_.begin(), set_aside_.end());
  set_aside_.clear();
  changed_.clear();
  out.erased.swap(erased_);
  out.patterns.swap(new_patterns_);
  out.losses.swap(losses_);
  out.listed = siblings_.take_changes();
  return out;
}

std::vector<FileStatus> Tailer::status() const {
  std::vector<FileStatus> out;
  for (const auto& [id, file] : files_.all()) {
    const bool live = file->life == Life::kLive;
    if (!live && file->trouble.empty() && !draining_.contains(id)) continue;
    const auto info = stat_file(file->at());
    const bool same = info && info->id == id && !file->compressed();
    out.push_back({file->at(), sources_[file->source()].name,
                   !file->trouble.empty() ? "unreadable" : (live ? "following" : "rotated"),
                   file->cursor.position, same ? info->size : file->cursor.position, file->trouble});
  }
  for (const auto& [path, source, why] : unfollowed_)
    out.push_back(
        {path, sources_[source].name, why == Why::kMissing ? "missing" : "unreadable", 0, 0, words(why)});
  return out;
}

}  // namespace dingtail::tail
