// What became of the files of a path: found again under another name, copied away, compressed, lost.
#include <algorithm>
#include <utility>

#include "tail/tailer.h"

namespace dingtail::tail {
namespace {

tl::unexpected<base::Error> gone() {
  return base::fail(base::Code::kNotFound, "gone during the look");
}

bool all_stand(const std::map<FileId, std::string>& files) {
  return std::all_of(files.begin(), files.end(), [](const auto& file) {
    const auto there = stat_file(file.second);
    return there && there->id == file.first;
  });
}

}  // namespace

// What stood at that path and was not seen, or not read to its end, is followed to its end. False: that can't
// be told now.
bool Tailer::settle(Rotation rotation, base::Now now, const Sink& sink) {
  const auto orphans = rotation.orphans.size();
  auto past = past_of(rotation, now);
  auto found = past ? find_generations(*past) : tl::unexpected(past.error());
  // What a fresh one was compressed to meanwhile would be older than the listing that is written down.
  if (found && !all_stand(rotation.fresh)) found = gone();
  if (!found) {
    rotation.orphans.resize(orphans);
    if (found.error().code == base::Code::kBusy) make_room();
    postpone(std::move(rotation));
    return false;
  }
  for (const auto& [id, path] : rotation.fresh)
    if (found->undecided.contains(id)) siblings_.postpone(path, id);
  for (const auto& [from, to] : found->continued) reader_.move(from, to);
  for (auto& file : found->files) take(std::move(file), now);
  for (const auto& orphan : rotation.orphans) end_orphan(orphan, *found, *past, now, sink);
  return true;
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
  Past past;
  past.spot = rotation.spot;
  past.is_known = [this](FileId id) { return files_.contains(id) || remembered_.contains(id); };
  past.was_listed = [this](const Sibling& sibling) { return siblings_.has_listed(sibling); };
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
  if (file.is_overwritten()) return {};
  past.present.push_back(&file);
  if (!file.intact()) {
    rotation.orphans.push_back({read_of(file), Fate::kRewritten});
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
  // One of which nothing was read may be what is read whole now.
  const bool told = read && lost && (state.head.size > 0 || !found.any_whole) && tell_lost(orphan, now);
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
    lost&& read ? keep_gone(state) : forget_state(state.id);
}

// It may have been mounted by itself, and come back: then it is neither new nor read.
void Tailer::keep_gone(FileState state) {
  if (state.position == 0 || state.id.birth == 0) return forget_state(state.id);  // no identity for good
  state.life = Life::kGone;
  set_aside_[state.id] = state;
  if (const auto forgotten = remembered_.add_gone(std::move(state))) forget_state(*forgotten);
}

// `found`: what was in it is read on elsewhere.
void Tailer::start_over(FileId id, bool found, const Sink& sink) {
  auto& file = files_.at(id);
  log_.say(base::Event::kFileTruncated, file.path(),
           found ? "truncated: the copy of what was in it is read to its end first"
                 : "truncated or written anew: read from its beginning");
  if (!found) reader_.end(file.path(), sink);
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
