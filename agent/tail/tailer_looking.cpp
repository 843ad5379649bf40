// Looking at which files there are: when, and what follows for each.
#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "tail/tailer.h"

namespace dingtail::tail {
namespace {

namespace fs = std::filesystem;

constexpr base::Millis kSweep = std::chrono::seconds(60);
constexpr base::Millis kPoll = std::chrono::seconds(1);  // of what is not told of
constexpr std::size_t kMostNew = 1000;  // files that a look begins to follow: some ten milliseconds
constexpr std::size_t kSearch = 20;     // and what a search for a path's rotated files costs, in new files

// A burst of new names costs one look; the more there is to look at, the rarer.
base::Millis between_looks(std::size_t files) {
  return base::Millis(20 + files / 20);
}

}  // namespace

void Tailer::look_if_due(base::Now now, const Sink& sink) {
  if (now.mono >= swept_at_ + kSweep) {
    swept_at_ = now.mono;
    look_again_ = true;
    close_unused(now);
    siblings_.forget_deleted(now.mono);
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
  if (listing.busy) return put_off_look();
  keep_names(listing.names);
  std::set<FileId> found;
  for (const auto& file : listing.files) found.insert(file.info.id);
  Listings listings;
  set_aside_unfound(found, listings);
  renumber(listings);
  if (listings.busy()) return put_off_look();
  const auto left_over = follow_found(listing.files, most_new, now);
  if (!can_list()) return put_off_look();  // the new files took what there was
  RotationsByPath all = std::exchange(unsettled_, {});
  rotate_missing(found, all, listings, now);
  resume_rotated(all, listings, now);
  if (listings.busy()) {
    unsettled_ = std::move(all);
    return put_off_look();
  }
  add_fresh(listing, all);
  for (const auto* file : left_over) siblings_.postpone(file->spot.real, file->info.id);
  const auto held = std::exchange(held_, {});
  std::size_t settled = 0;
  for (auto& [path, rotation] : all) {
    if (settled * kSearch > most_new)
      postpone(std::move(rotation));
    else if (settle(std::move(rotation), now, sink))
      ++settled;
  }
  for (auto& key : listing.pattern_keys)
    if (known_patterns_.insert(key).second) new_patterns_.insert(key);
  for (const auto id : held)
    if (auto* file = files_.find(id); file != nullptr && !held_.contains(id)) queue(*file);
  tell(listing);
  watch(std::move(listing.directories), listing.before);
}

// What stays is not allocated anew: among the listing's own it would leave holes in the heap at each sweep.
void Tailer::keep_names(const std::map<std::string, FileId>& names) {
  came_.clear();
  std::erase_if(live_, [&](const auto& name) { return !names.contains(name.first); });
  for (const auto& [path, id] : names) live_.insert_or_assign(path, id);
}

// Until there are descriptors again.
void Tailer::put_off_look() {
  make_room();
  look_again_ = true;
}

// Live files that no source names any more, and what lies in a directory that is away.
void Tailer::set_aside_unfound(const std::set<FileId>& found, Listings& listings) {
  std::vector<FileId> unfound;
  for (const auto& [id, file] : files_.all()) {
    if (found.contains(id)) continue;
    const auto there = stat_file(file->path());
    const auto& real = file->spot().real;
    const bool unnamed = file->life == Life::kLive && there && there->id == id;
    const bool away = listings.away(real, id) && !listings.busy();
    if (unnamed || (away && (!file->is_open() || listings.renumbered(real, id)))) unfound.push_back(id);
  }
  for (const auto id : unfound)
    log_.say(base::Event::kFileGone, files_.at(id).path(), "not to be found now: its position is kept");
  set_aside(unfound);
}

// Their new identities are written with the next cut.
void Tailer::renumber(Listings& listings) {
  for (auto& [before, state] : remembered_.renumber(listings)) {
    forget_state(before);
    const auto id = state.id;
    set_aside_[id] = std::move(state);
  }
}

// Answers with those that are left for the next look.
std::vector<const FoundFile*> Tailer::follow_found(const std::vector<FoundFile>& files, std::size_t most_new,
                                                   base::Now now) {
  std::vector<const FoundFile*> left_over;
  std::size_t adopted = 0;
  for (const auto& file : files) {
    if (auto* known = files_.find(file.info.id))
      found_again(*known, file);
    else if (adopted++ < most_new)
      adopt(file, now);
    else
      left_over.push_back(&file);
  }
  look_again_ = look_again_ || !left_over.empty();
  return left_over;
}

// These, and where rotated files stand.
void Tailer::watch(std::set<std::string> directories, const Listed& before) {
  for (const auto& [path, id] : away_) directories.insert(fs::path(path).parent_path().string());
  for (const auto& directory : watcher_.watch(directories)) {
    const auto listed = before.find(directory);
    const auto now = stat_file(directory);
    look_again_ = look_again_ || listed == before.end() || !now || now->modified != listed->second;
  }
}

void Tailer::found_again(TailedFile& file, const FoundFile& found) {
  if (file.spot() != found.spot || file.life != Life::kLive) {
    changed_.insert(file.id());
    files_.found_at(file, found.spot);
    file.life = Life::kLive;
    draining_.erase(file.id());
  }
  if (file.head.size == 0 && found.info.size > 0) {
    file.note(found.info);
    if (file.open()) file.see();
    changed_.insert(file.id());
  }
  if (!file.is_known(found.info)) queue(file);
}

void Tailer::adopt(const FoundFile& found, base::Now now) {
  const auto id = found.info.id;
  const bool is_new_pattern = !known_patterns_.contains(std::string(found.pattern));
  const auto read_from = sources_[found.spot.source].read_from;
  auto file = std::make_unique<TailedFile>(id, found.spot);
  const auto before = files_.all().lower_bound({id.device, id.inode, 0});
  if (before != files_.all().end() && Remembered::is_reborn(before->first, *file)) set_aside({before->first});
  const auto known_before = remembered_.take(*file);
  if (known_before) {
    set_aside_.erase(id);
    if (known_before->id != id) forget_state(known_before->id);
    file->resume(*known_before);
    file->life = Life::kLive;
  } else if (from_end_ || (is_new_pattern && read_from == config::ReadFrom::kEnd)) {
    reader_.begin_at_end(*file, found.info.size);
  }
  log_.say(base::Event::kFileFollowed, file->path(), "from byte " + std::to_string(file->cursor.position));
  static_cast<void>(file->open());  // before a rotation can take its name
  const bool is_unseen = !known_before || file->head.size == 0;
  if (is_unseen || !file->is_open() || file->intact()) file->note(found.info);
  if (is_unseen) file->see();
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
    const bool was_refused =
        why != Why::kMissing && !is_unfollowed(path) && log_.over(base::Event::kFileUnreadable, path);
    if (was_missing || (was_refused && (why == Why::kDenied || live_.contains(path))))
      log_.say(base::Event::kFileBack, path, was_missing ? "appeared" : "readable again");
  }
}

bool Tailer::is_unfollowed(const std::string& path) const {
  return std::any_of(unfollowed_.begin(), unfollowed_.end(),
                     [&](const Unfollowed& u) { return u.path == path; });
}

base::Mono Tailer::next_deadline() const {
  base::Mono next = swept_at_ + kSweep;
  const auto next_look = looked_at_ + between_looks(files_.size());
  if (!retry_.empty() || !watcher_.silent().empty()) next = std::min(next, polled_at_ + kPoll);
  if (look_again_) next = std::min(next, next_look);
  for (const auto id : draining_) {
    const auto& file = files_.at(id);
    if (!file.trouble.empty() || reader_.held(id) != nullptr) continue;
    const auto silent_at = file.quiet_since + kSilent;
    next = std::min(next, looked_at_ >= silent_at ? silent_at : std::max(silent_at, next_look));  // due()
  }
  if (const auto due = reader_.next_deadline()) next = std::min(next, *due);
  return next;
}

}  // namespace dingtail::tail
