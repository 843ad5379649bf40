// What became of files that are not where they were: renamed, deleted, truncated, away.
#include <algorithm>
#include <utility>

#include "tail/tailer.h"

namespace dingtail::tail {

// Live files that were not found, and rotated ones that were renamed again or are gone.
void Tailer::rotate_missing(const std::set<FileId>& found, base::Now now) {
  Listings listings;
  MissingByPath missing;
  std::vector<FileId> unfollowed;
  std::vector<FileId> gone;
  for (const auto& [id, each] : files_) {
    auto& file = *each;
    const bool was_live = file.life == Life::kLive;
    if (found.contains(id)) continue;
    const auto there = stat_file(file.spot().real);
    const bool unnamed = was_live && there && there->id == id;
    if (unnamed || (!file.is_open() && listings.away(file.spot().real, id))) {
      unfollowed.push_back(id);
      continue;
    }
    if (was_live) rotated(file, now);
    const bool is_placed = place(file, listings);
    if (!is_placed) gone.push_back(id);
    if (was_live || now.mono < file.rotated_at + kSilent || (!is_placed && draining_.contains(id)))
      add_missing(missing, file, !is_placed);
  }
  for (const auto id : unfollowed) {
    log_.say(base::Event::kFileGone, files_.at(id)->path(), "not to be found now: its position is kept");
    set_aside(id);
  }
  for (const auto id : gone) forget(id);
  for (const auto& [path, each] : missing)
    for (const auto& lost : seek(each, now).lost)
      if (lost.size > lost.position) lose(path, lost.size - lost.position, "deleted before it was read", now);
}

void Tailer::rotated(TailedFile& file, base::Now now) {
  const auto id = file.id();
  file.life = Life::kRotated;
  file.turn = ++turns_;
  file.quiet_since = file.rotated_at = now.mono;
  file.rest_read = false;
  draining_.insert(id);
  changed_.insert(id);
  look_again_ = true;  // a rotation under way may have hidden files from this look
  if (std::exchange(file.queued, false)) std::erase(queue_, id);
  queue(file);
  log_.say(base::Event::kFileRotated, file.path(), "renamed or deleted: it is read to its end");
}

// Finds out where the file stands now. False: nowhere, and it cannot be read any more.
bool Tailer::place(TailedFile& file, Listings& listings) {
  if (const auto there = stat_file(file.at()); there && there->id == file.id()) return true;
  if (const auto at = listings.beside(file.spot().real, file.id())) {
    file.move_to(*at);
    queue(file);
    return true;
  }
  return file.is_open();
}

void Tailer::add_missing(MissingByPath& missing, const TailedFile& file, bool orphan) const {
  const auto [at, is_new] = missing.try_emplace(file.path(), Missing{file.spot(), {}, file.since});
  at->second.since = std::min(at->second.since, file.since);
  if (orphan) at->second.orphans.push_back(state_of(file));
}

// Files of the last run that no pattern finds.
void Tailer::resume_rotated(base::Now now) {
  auto fates = remembered_.settle([this](const auto& name) { return source_named(name).has_value(); });
  std::sort(fates.begin(), fates.end(),
            [](const auto& a, const auto& b) { return a.state.since < b.state.since; });
  MissingByPath missing;
  for (const auto& [state, at] : fates) {
    const auto source = source_named(state.source);
    if (!at) erased_.push_back(state.id);
    if (!source) continue;
    auto file = std::make_unique<TailedFile>(state.id, Spot{state.path, state.real, *source});
    file->resume(state);
    const bool unread = state.life == Life::kLive || state.size > state.position;
    if (at || unread) {
      add_missing(missing, *file, false);
      if (!at) missing.at(state.path).orphans.push_back(state);
    }
    if (!at) continue;
    file->move_to(*at);
    drain(std::move(file), now);
  }
  for (const auto& [path, each] : missing)
    for (const auto& lost : seek(each, now).lost)
      lose(path, lost.size - std::min(lost.size, lost.position),
           "deleted while the agent was down: what was written meanwhile is unread", now);
}

// Truncated, or its inode holds another file now. What was copied away before is drained first.
void Tailer::rewritten(TailedFile& file, base::Now now, const Sink& sink) {
  const auto before = state_of(file);
  const auto unread = file.unread();
  if (file.compressed()) {
    lose(file.at(), 0, "does not hold what was read of " + before.path, now);
    return forget(before.id);
  }
  Missing missing{file.spot(), {}, file.since};
  if (before.position > 0) missing.orphans.push_back(before);
  file.start_anew();
  changed_.insert(before.id);
  const auto generations = seek(missing, now);
  file.since = file.listed;
  const bool found = generations.found > 0 && generations.lost.empty();
  log_.say(base::Event::kFileTruncated, before.path,
           found ? "truncated: the copy of what was in it is read to its end first"
                 : "truncated or written anew: read from its beginning");
  if (found)
    reader_.drop(before.path);
  else
    reader_.end(before.path, sink);
  if (!found && unread > 0) lose(before.path, unread, "truncated before it was read", now);
  if (!found && unread == 0 && before.position > 0) {
    lose(before.path, 0, "truncated: what was written just before is unread, if there was any", now);
    losses_.back().suspected = true;
  }
  queue(file);
}

// What stood at that path and was not seen, or not read to its end, is followed to its end.
Tailer::Sought Tailer::seek(const Missing& missing, base::Now now) {
  constexpr int kTries = 5;  // while a rotation is under way
  Past past{missing.spot, missing.orphans, {}, missing.since, [this](FileId id) {
              return files_.contains(id) || remembered_.contains(id);
            }};
  for (const auto& [id, file] : files_) {
    if (file->path() != missing.spot.path || file->compressed()) continue;
    const auto opened = file->open();
    keep_open(*file, now);
    if (opened && *opened) past.present.push_back(file.get());
  }
  Sought out;
  bool complete = false;
  for (int i = 0; i < kTries && !complete; ++i) {
    auto generations = find_generations(past);
    complete = generations.complete;
    past.orphans = generations.lost;
    for (auto& file : generations.files) {
      log_.say(base::Event::kFileRotated, file->at(),
               file->cursor.position > 0 ? "read on from byte " + std::to_string(file->cursor.position)
                                         : "rotated before it was seen: it is read whole");
      past.present.push_back(file.get());
      ++out.found;
      drain(std::move(file), now);
    }
  }
  out.lost = std::move(past.orphans);
  return out;
}

// Takes a file that is no source of its own, to be read to its end.
void Tailer::drain(File file, base::Now now) {
  const auto id = file->id();
  file->life = Life::kRotated;
  file->turn = ++turns_;
  file->quiet_since = now.mono;
  queue(*file);
  draining_.insert(id);
  changed_.insert(id);
  away_[file->at()] = id;
  keep_open(*file, now);
  files_[id] = std::move(file);
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
