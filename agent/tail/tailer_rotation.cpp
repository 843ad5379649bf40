// What became of files that are not where they were: renamed, deleted, truncated, away.
#include <algorithm>
#include <limits>
#include <utility>

#include "tail/tailer.h"

namespace dingtail::tail {
namespace {

tl::unexpected<base::Error> gone() {
  return base::fail(base::Code::kNotFound, "gone during the look");
}

}  // namespace

Tailer::Rotation& Tailer::rotation_at(RotationsByPath& all, const Spot& spot) {
  return all.try_emplace(spot.path, Rotation{spot, {}, {}}).first->second;
}

// Live files that were not found, and rotated ones that were renamed again or are gone.
void Tailer::rotate_missing(const std::set<FileId>& found, RotationsByPath& all, Listings& listings,
                            base::Now now) {
  std::vector<FileId> gone;
  away_.clear();
  for (const auto& [id, each] : files_.all()) {
    auto& file = *each;
    if (found.contains(id)) continue;
    if (file.life == Life::kLive) rotated(file, now);
    if (!place(file, listings)) gone.push_back(id);
  }
  for (const auto id : gone) {
    const auto& file = files_.at(id);
    const bool unread = file.written_to || !file.renamed;  // no event told that it is gone: what others?
    const auto state = state_of(file);
    rotation_at(all, file.spot()).orphans.push_back({state, Fate::kGone, unread});
    drop(id);
    set_aside_[id] = state;  // a cut may come before it is found what became of it
  }
}

void Tailer::rotated(TailedFile& file, base::Now now) {
  const auto id = file.id();
  file.life = Life::kRotated;
  // Where nothing of it was seen, what is found beside it, and as old, was there before.
  file.turn = file.head.size > 0 ? ++turns_ : std::numeric_limits<std::uint64_t>::max();
  file.quiet_since = now.mono;
  file.rest_read = false;
  file.age = 0;
  if (const auto info = file.stat()) {
    if (file.intact()) file.see();  // a crash may come before it is read
    file.age = info->modified;
  }
  draining_.insert(id);
  changed_.insert(id);
  look_again_ = true;  // a rotation under way may have hidden files from this look
  if (std::exchange(file.queued, false)) std::erase(queue_, id);
  queue(file);
  log_.say(base::Event::kFileRotated, file.path(), "renamed or deleted: it is read to its end");
}

// Finds out where the file stands now. False: nowhere, and it cannot be read any more.
bool Tailer::place(TailedFile& file, Listings& listings) {
  const auto at = [&]() -> std::optional<std::string> {
    if (const auto there = stat_file(file.at()); there && there->id == file.id()) return file.at();
    return listings.beside(file.spot().real, file.id());
  }();
  if (!at) {
    away_.try_emplace(file.at(), file.id());  // what is written to it is told by the name it had
    return file.is_open() && file.life != Life::kCopy;
  }
  if (const auto info = stat_file(*at)) {
    if (file.age == 0) file.age = info->modified;
    if (file.head.size == 0 && info->size > file.size()) {
      file.note(*info);
      changed_.insert(file.id());
    }
  }
  if (*at != file.at()) {
    file.move_to(*at);
    queue(file);
  }
  away_[*at] = file.id();
  return true;
}

// Files of the last run that no pattern finds.
void Tailer::resume_rotated(RotationsByPath& all, Listings& listings, base::Now now) {
  auto fates =
      remembered_.settle([this](const auto& name) { return source_named(name).has_value(); }, listings);
  std::vector<File> renamed;
  for (const auto& [state, at] : fates) {
    const auto source = source_named(state.source);
    if (!source) forget_state(state.id);
    if (!source) continue;
    const Spot spot{state.path, state.real, *source};
    if (!at) {
      rotation_at(all, spot).orphans.push_back({state, Fate::kGoneWhileDown});
      continue;
    }
    auto file = std::make_unique<TailedFile>(state.id, spot);
    file->move_to(*at);
    file->resume(state);
    const auto info = stat_file(*at);
    if (info) file->note(*info);
    if (info && state.life == Life::kLive) file->age = info->modified;
    if (state.life == Life::kLive) file->life = Life::kRotated;
    renamed.push_back(std::move(file));
  }
  std::sort(renamed.begin(), renamed.end(), [](const File& a, const File& b) { return a->age < b->age; });
  for (auto& file : renamed) take(std::move(file), now);
}

// Rotated files that were not there at the last look.
void Tailer::add_fresh(const Listing& listing, RotationsByPath& all) {
  for (const auto& [base, fresh] : siblings_.look(listing.directories, listing.before)) {
    const auto spot = spot_of(base);
    if (!spot) continue;
    for (const auto& sibling : fresh) rotation_at(all, *spot).fresh.emplace(sibling.info.id, sibling.path);
  }
}

// Whose a file at that path would be; nothing where no source names it, or none did before.
std::optional<Spot> Tailer::spot_of(const std::string& path) const {
  const auto live = live_.find(path);
  const auto* file = live == live_.end() ? nullptr : files_.find(live->second);
  const auto owner = finder_.owner_of(file == nullptr ? path : file->path());
  if (!owner || !known_patterns_.contains(owner->pattern)) return std::nullopt;
  return file == nullptr ? Spot{path, real_path(path), owner->source} : file->spot();
}

// Truncated, or its inode holds another file now: the next look finds what was copied away before, and that
// is read first.
void Tailer::rewritten(TailedFile& file, base::Now now) {
  if (!file.compressed()) {
    rotation_at(unsettled_, file.spot());
    return hold(file.id());
  }
  lose(file.at(), 0, "does not hold what was read of " + file.path(), now);
  forget(file.id());
}

// Still a copy, of which more is made; or a file of its own.
void Tailer::copy_changed(TailedFile& file, TailedFile::Seen seen) {
  if (seen == TailedFile::Seen::kNothing) return;
  rotation_at(unsettled_, file.spot()).fresh.emplace(file.id(), file.at());
  look_again_ = true;
  if (seen == TailedFile::Seen::kRewritten) drop(file.id());
}

// What stood at that path and was not seen, or not read to its end, is followed to its end.
void Tailer::settle(Rotation rotation, base::Now now, const Sink& sink) {
  const auto gone = rotation.orphans.size();
  auto past = past_of(rotation, now);
  auto found = past ? find_generations(*past) : tl::unexpected(past.error());
  if (!found) {
    rotation.orphans.resize(gone);
    if (found.error().code == base::Code::kBusy) make_room();
    return postpone(std::move(rotation));
  }
  for (const auto& [id, path] : rotation.fresh)
    if (found->undecided.contains(id)) siblings_.postpone(path, id);
  for (auto& file : found->files) take(std::move(file), now);
  for (const auto& orphan : rotation.orphans) end_orphan(orphan, *found, *past, now, sink);
}

void Tailer::postpone(Rotation rotation) {
  look_again_ = true;
  for (const auto& [id, path] : rotation.fresh) siblings_.postpone(path, id);
  auto& waiting = rotation_at(unsettled_, rotation.spot);
  for (auto& orphan : rotation.orphans) waiting.orphans.push_back(std::move(orphan));
  for (const auto* file : files_.of_path(rotation.spot.path))
    if (file->life == Life::kLive) hold(file->id());  // what is older is read first
}

// Adds the orphans that are rewritten. An error: descriptors are exhausted, or a file is gone that was there
// when this look began. What it was compressed to meanwhile would be taken for one that was never seen.
base::Result<Past> Tailer::past_of(Rotation& rotation, base::Now now) {
  Past past{rotation.spot, {}, {}, {}, {}, {}, [this](FileId id) {
              return files_.contains(id) || remembered_.contains(id);
            }};
  for (auto* file : files_.of_path(past.spot.path)) {
    if (file->life == Life::kCopy) {
      past.copies.emplace(file->id(), state_of(*file));
      if (const auto there = stat_file(file->at()); !there || there->id != file->id()) return gone();
    } else if (!file->compressed()) {
      if (auto there = add_present(*file, past, rotation, now); !there)
        return tl::unexpected(std::move(there).error());
    }
  }
  past.orphans = rotation.orphans;
  for (const auto& [id, path] : rotation.fresh) past.fresh.insert(id);
  return past;
}

base::Status Tailer::add_present(TailedFile& file, Past& past, Rotation& rotation, base::Now now) {
  const auto opened = file.open();
  if (!opened && opened.error().code == base::Code::kBusy) return tl::unexpected(opened.error());
  if (opened && !*opened) return gone();
  keep_open(file, now);
  if (!opened) {
    past.unreadable.push_back(state_of(file));
    return {};
  }
  past.present.push_back(&file);
  if (!file.intact()) {
    rotation.orphans.push_back({state_of(file), Fate::kRewritten});
  } else if (file.head.size == 0) {  // else nothing would tell it from its copy once it is truncated
    file.see();
    changed_.insert(file.id());
  }
  return {};
}

void Tailer::end_orphan(const Orphan& orphan, const Generations& found, const Past& past, base::Now now,
                        const Sink& sink) {
  const auto& state = orphan.state;
  const bool lost = found.lost.contains(state.id);
  const bool read = state.life != Life::kCopy;
  // An empty one may be what is read whole now.
  const bool told = read && lost && (state.size > 0 || !found.any_whole) && tell_lost(orphan, now);
  const bool others = std::any_of(past.present.begin(), past.present.end(),
                                  [](const TailedFile* file) { return file->life == Life::kRotated; });
  const bool down = orphan.fate == Fate::kGoneWhileDown;
  const bool gap = found.unsure.contains(state.id) || (down && lost && !others && !past.fresh.empty());
  if (read && !told && orphan.fate != Fate::kRewritten && gap)
    suspect(state.path,
            down ? "rotated while the agent was down: what is gone already is unread"
                 : "deleted: what was written just before is unread, if there was any",
            now);
  if (orphan.fate == Fate::kRewritten)
    start_over(state.id, !lost, sink);
  else if (!files_.contains(state.id))
    forget_state(state.id);
}

// `found`: what was in it is read on elsewhere.
void Tailer::start_over(FileId id, bool found, const Sink& sink) {
  auto& file = files_.at(id);
  log_.say(base::Event::kFileTruncated, file.path(),
           found ? "truncated: the copy of what was in it is read to its end first"
                 : "truncated or written anew: read from its beginning");
  if (found)
    reader_.drop(file.path());
  else
    reader_.end(file.path(), sink);
  file.start_anew();
  file.see();
  file.turn = ++turns_;
  changed_.insert(id);
  queue(file);
}

bool Tailer::tell_lost(const Orphan& orphan, base::Now now) {
  const auto& state = orphan.state;
  const auto unread = state.size - std::min(state.size, state.position);
  switch (orphan.fate) {
    case Fate::kGone:
      if (unread > 0)
        lose(state.path, unread, "deleted before it was read", now);
      else if (orphan.may_be_unread)
        suspect(state.path, "deleted: what was written just before is unread, if there was any", now);
      return unread > 0 || orphan.may_be_unread;
    case Fate::kGoneWhileDown:
      if (unread == 0 && state.life != Life::kLive) return false;
      lose(state.path, unread, "deleted while the agent was down: what was written meanwhile is unread", now);
      return true;
    case Fate::kRewritten:
      break;
  }
  if (unread > 0)
    lose(state.path, unread, "truncated before it was read", now);
  else if (state.position > 0)
    suspect(state.path, "truncated: what was written just before is unread, if there was any", now);
  return true;
}

// Nothing is known to be lost.
void Tailer::suspect(const std::string& path, std::string reason, base::Now now) {
  lose(path, 0, std::move(reason), now);
  losses_.back().suspected = true;
}

// Takes a file that is no source of its own, to be read to its end.
void Tailer::take(File taken, base::Now now) {
  const auto id = taken->id();
  drop(id);
  set_aside_.erase(id);
  auto& file = files_.add(std::move(taken));
  if (file.life != Life::kCopy)
    log_.say(base::Event::kFileRotated, file.at(),
             file.cursor.position > 0 ? "read on from byte " + std::to_string(file.cursor.position)
                                      : "rotated before it was seen: it is read whole");
  file.turn = ++turns_;
  file.quiet_since = now.mono;
  changed_.insert(id);
  away_[file.at()] = id;
  queue(file);
  if (file.life == Life::kCopy) return file.close();
  draining_.insert(id);
  static_cast<void>(file.open());  // before it can go; what is wrong with it shows when it is read
  keep_open(file, now);
  close_idle(most_open_);
}

void Tailer::lose(const std::string& path, std::uint64_t bytes, std::string reason, base::Now now) {
  log_.say(base::Event::kRecordsLost, path, reason);
  const auto same = std::find_if(losses_.begin(), losses_.end(), [&](const Loss& loss) {
    return loss.path == path && loss.reason == reason;
  });
  Loss loss{path, bytes, std::move(reason), now.wall, false};
  if (same != losses_.end()) {
    loss.bytes += same->bytes;
    losses_.erase(same);
  }
  losses_.push_back(std::move(loss));
}

}  // namespace dingtail::tail
