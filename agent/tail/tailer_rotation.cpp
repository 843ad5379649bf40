// Which files are not where they were: renamed, deleted, truncated, away; and which are new beside them.
#include <algorithm>
#include <limits>
#include <utility>

#include "tail/tailer.h"

namespace dingtail::tail {

Tailer::Rotation& Tailer::rotation_at(RotationsByPath& all, const Spot& spot) {
  return all.try_emplace(spot.path, Rotation{spot, {}, {}}).first->second;
}

// Live files that were not found, and rotated ones that were renamed again or are gone.
void Tailer::rotate_missing(const std::set<FileId>& found, RotationsByPath& all, Listings& listings,
                            base::Now now) {
  std::vector<FileId> gone;
  std::vector<FileId> away;  // and closed since this look began
  away_.clear();
  for (const auto& [id, each] : files_.all()) {
    auto& file = *each;
    if (found.contains(id)) continue;
    if (file.life == Life::kLive) rotated(file, now);
    if (!place(file, listings)) gone.push_back(id);
  }
  for (const auto id : gone) {
    const auto& file = files_.at(id);
    const bool untold = file.news.written || !file.news.moved;  // no event told that it is gone: what others?
    const bool unread = untold || (is_let_go(file) && !file.rotated_whole);
    if (listings.away(file.spot().real, id)) {
      away.push_back(id);
      continue;
    }
    auto state = state_of(file);
    rotation_at(all, file.spot()).orphans.push_back({read_of(file), Fate::kGone, unread});
    drop(id);
    set_aside_[id] = std::move(state);  // a cut may come before it is found what became of it
  }
  set_aside(away);
}

void Tailer::rotated(TailedFile& file, base::Now now) {
  const auto id = file.id();
  file.life = Life::kRotated;
  // Where nothing of it was seen, what is found beside it, and as old, was there before.
  file.turn = file.head.size > 0 ? ++turns_ : std::numeric_limits<std::uint64_t>::max();
  file.quiet_since = now.mono;
  file.rest_read = file.rotated_whole = false;
  file.age = 0;
  if (const auto info = file.stat()) {
    file.rotated_whole = file.intact();
    if (file.rotated_whole) file.see();  // a crash may come before it is read
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
    const bool readable = file.is_open() && file.life != Life::kCopy;
    if (readable) away_.try_emplace(file.at(), file.id());  // what is written to it is told by that name
    return readable;
  }
  if (const auto info = stat_file(*at)) {
    if (file.age == 0) file.age = info->modified;
    if (file.head.size == 0 && info->size > file.size()) {
      file.note(*info);
      changed_.insert(file.id());
    }
  }
  if (*at != file.at() || is_let_go(file)) queue(file);
  if (*at != file.at()) file.move_to(*at);
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
    const bool renamed_unseen = state.life == Life::kLive || state.life == Life::kGone;
    if (info && renamed_unseen) file->age = info->modified;
    if (renamed_unseen) file->life = Life::kRotated;
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
  if (file.is_overwritten()) return let_go_with_its_name(file);
  if (!file.compressed()) {
    rotation_at(unsettled_, file.spot());
    return hold(file.id());
  }
  lose(file.at(), 0, "does not hold what was read of " + file.path(), now);
  forget(file.id());
}

// When its name is gone, what it was compressed to is complete, and goes on. Until then each look sees
// whether that is what becomes of it.
void Tailer::let_go_with_its_name(TailedFile& file) {
  look_again_ = look_again_ || file.deleted();
  file.undo_look();
  file.close();
  file.rest_read = false;
  std::erase(open_, file.id());
  draining_.erase(file.id());
}

bool Tailer::is_let_go(const TailedFile& file) const {
  return file.life == Life::kRotated && !file.rest_read && !draining_.contains(file.id());
}

// Still a copy, of which more is made; or a file of its own.
void Tailer::copy_changed(TailedFile& file, TailedFile::Seen seen) {
  if (seen == TailedFile::Seen::kNothing) return;
  rotation_at(unsettled_, file.spot()).fresh.emplace(file.id(), file.at());
  look_again_ = true;
  if (seen == TailedFile::Seen::kRewritten) drop(file.id());
}

}  // namespace dingtail::tail
