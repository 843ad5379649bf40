// Reading the files that are to be looked at.
#include <malloc.h>

#include <algorithm>
#include <utility>

#include "tail/tailer.h"

namespace dingtail::tail {
namespace {

constexpr std::size_t kLookBytes = 1024;  // of the budget, for a look at a file
constexpr std::size_t kFarBytes = 1 << 20;
constexpr std::size_t kFewestOpen = 4;

}  // namespace

void Tailer::queue(TailedFile& file) {
  if (file.queued) return;
  file.queued = true;
  queue_.push_back(file.id());
}

// What no listing finds.
void Tailer::queue_rotated() {
  for (const auto& [id, file] : files_.all())
    if (file->life != Life::kLive) queue(*file);
}

// What was renamed away is read before its successor.
bool Tailer::waits(const TailedFile& file) const {
  if (draining_.empty()) return false;
  const auto others = files_.of_path(file.path());
  return std::any_of(others.begin(), others.end(), [&](const TailedFile* other) {
    const bool earlier =
        file.life == Life::kLive || std::pair(other->age, other->turn) < std::pair(file.age, file.turn);
    return earlier && other->queued && other != &file && draining_.contains(other->id());
  });
}

// What was rotated away shows at a look.
void Tailer::hold(FileId id) {
  held_.insert(id);
  look_again_ = true;
}

bool Tailer::read(base::Now now, std::size_t budget_bytes, const Sink& sink) {
  look_if_due(now, sink);
  std::size_t done = 0;
  while (!queue_.empty() && done < budget_bytes) {
    const FileId id = queue_.front();
    queue_.pop_front();
    auto* file = files_.find(id);
    if (file == nullptr) continue;
    if (waits(*file)) {
      queue_.push_back(id);
      continue;
    }
    file->queued = false;
    if (held_.contains(id)) continue;
    done += read_file(*file, now, budget_bytes - done, sink);
  }
  finish_rotated(now, sink);
  end_records(now, sink);
  for (const auto id : reader_.take_released()) record_ended(id);
  close_idle(most_open_);
  if (queue_.empty() && !has_changes() && std::exchange(trim_, false)) ::malloc_trim(0);
  return !queue_.empty();
}

// The next run need not read it again.
void Tailer::record_ended(FileId id) {
  if (files_.contains(id)) changed_.insert(id);
  for (const auto& [path, rotation] : unsettled_)
    for (const auto& orphan : rotation.orphans)
      if (orphan.state.id == id && !files_.contains(id)) set_aside_[id] = orphan.state;
}

std::size_t Tailer::read_file(TailedFile& file, base::Now now, std::size_t budget_bytes, const Sink& sink) {
  const auto id = file.id();
  const bool was_open = file.is_open();
  const auto seen = look(file);
  if (!seen) {
    trouble(file, seen.error());
    return kLookBytes;
  }
  if (!was_open || *seen != TailedFile::Seen::kNothing) keep_open(file, now);
  if (*seen == TailedFile::Seen::kMoved) {
    look_again_ = true;
    return kLookBytes;
  }
  file.news = {};
  if (!file.trouble.empty()) {
    file.trouble.clear();
    retry_.erase(id);
    log_.over(base::Event::kFileUnreadable, file.path());
    log_.say(base::Event::kFileBack, file.path(), "readable again");
  }
  if (file.life == Life::kCopy) {
    copy_changed(file, *seen);
    return kLookBytes;
  }
  if (*seen == TailedFile::Seen::kRewritten) {
    rewritten(file, now);
    return kLookBytes;
  }
  if (*seen == TailedFile::Seen::kFar) {
    queue(file);
    return kFarBytes;
  }
  if (file.life == Life::kRotated && !file.rotated_whole)
    file.rotated_whole = file.is_open() && file.intact();
  const bool more = *seen == TailedFile::Seen::kMore;
  if (more && file.life == Life::kLive && file.head.size == 0) {  // it was empty: is it what it was?
    file.see();
    changed_.insert(id);
    hold(id);
    return kLookBytes;
  }
  const auto done = more ? read_more(file, now, budget_bytes, sink) : std::size_t{0};
  if (!files_.contains(id)) return kLookBytes + done;
  if (file.life == Life::kRotated) after_end(file, now, sink);
  return kLookBytes + done;
}

base::Result<TailedFile::Seen> Tailer::look(TailedFile& file) {
  auto seen = file.look();
  if (seen || seen.error().code != base::Code::kBusy) return seen;
  make_room();
  return file.look();
}

base::Result<bool> Tailer::open(TailedFile& file) {
  auto opened = file.open();
  if (opened || opened.error().code != base::Code::kBusy) return opened;
  make_room();
  return file.open();
}

std::size_t Tailer::read_more(TailedFile& file, base::Now now, std::size_t budget_bytes, const Sink& sink) {
  const auto before = file.cursor.position;
  const auto outcome = reader_.read(file, now, budget_bytes, sink);
  if (!outcome) {
    trouble(file, outcome.error());
    return 0;
  }
  if (outcome->bytes > 0) {
    file.quiet_since = now.mono;
    file.rest_read = false;
    if (file.life == Life::kRotated) draining_.insert(file.id());
  }
  if (file.cursor.position != before) changed_.insert(file.id());
  tell_cut(file, *outcome, now);
  if (file.form && !file.form->not_expected.empty())
    log_.say(base::Event::kFileEncoding, file.path(),
             "begins as " + std::string(file.form->not_expected) +
                 " and is read so; its source names no such `encoding`");
  if (outcome->rewritten) {
    file.undo_look();
    rewritten(file, now);
    return outcome->bytes;
  }
  if (!outcome->at_end && outcome->bytes > 0) queue(file);
  return outcome->bytes;
}

void Tailer::tell_cut(const TailedFile& file, const RecordReader::Outcome& outcome, base::Now now) {
  if (outcome.bytes_cut == 0) return;
  lose(file.path(), outcome.bytes_cut,
       "records over max_record (" + std::to_string(sources_[file.source()].max_record_bytes) +
           " bytes) were matched on their head",
       now);
}

void Tailer::trouble(TailedFile& file, const base::Error& error) {
  file.trouble = error.what;
  log_.say(base::Event::kFileUnreadable, file.path(), error.what + "; it is read when that is mended");
  if (error.code != base::Code::kDenied) retry_.insert(file.id());  // a change of rights is an event
}

// A renamed or deleted file, read to its end: a partial line is a record once it can't be completed.
void Tailer::after_end(TailedFile& file, base::Now now, const Sink& sink) {
  const bool silent = now.mono >= file.quiet_since + kSilent;
  const bool whole = file.compressed() && file.is_open() && file.content_end();
  if (file.queued || file.rest_read || !(file.deleted() || whole || silent)) return;
  const auto opened = open(file);
  if (!opened) return trouble(file, opened.error());
  if (!*opened) {
    look_again_ = true;
    return;
  }
  keep_open(file, now);
  if (const auto end = file.content_end(); !end && !whole)
    lose(file.at(), 0, "damaged: " + end.error().what, now);
  file.rest_read = true;
  const auto before = file.cursor.position;
  const auto rest = reader_.rest(file, now, sink);
  if (file.cursor.position != before) changed_.insert(file.id());
  if (rest) tell_cut(file, *rest, now);
}

// Renamed and deleted files, each after a last look, when they have been silent for long enough.
void Tailer::finish_rotated(base::Now now, const Sink& sink) {
  const auto draining = draining_;
  for (const auto id : draining) {
    auto* known = files_.find(id);
    if (known == nullptr || known->queued || !due(*known, now)) continue;
    auto& file = *known;
    close_idle(most_open_);
    read_file(file, now, kFarBytes, sink);
    if (!files_.contains(id) || file.queued || !due(file, now)) continue;
    after_end(file, now, sink);
    if (reader_.held(id) != nullptr) continue;
    if (file.is_open() && file.deleted())
      forget(id);
    else if (file.rest_read)
      draining_.erase(id);
  }
}

bool Tailer::is_silent(const TailedFile& file, base::Now now) {
  return file.trouble.empty() && now.mono >= file.quiet_since + kSilent;
}

// Silent for long enough, and at a look since then nobody had given it its name back.
bool Tailer::due(const TailedFile& file, base::Now now) const {
  return is_silent(file, now) && looked_at_ >= file.quiet_since + kSilent;
}

// An open multiline record whose next line does not come is complete. Its file is looked at once more before:
// the agent may just have been stopped for a while.
void Tailer::end_records(base::Now now, const Sink& sink) {
  for (const auto& [path, id] : reader_.overdue(now))
    if (auto* file = files_.find(id); file != nullptr && !file->queued)
      read_file(*file, now, kFarBytes, sink);
  for (const auto& [path, id] : reader_.overdue(now))
    if (const auto* file = files_.find(id); file == nullptr || !file->queued) reader_.end(path, sink);
}

void Tailer::keep_open(TailedFile& file, base::Now now) {
  if (!file.is_open()) return;
  file.used_at = now.mono;
  std::erase(open_, file.id());
  open_.push_back(file.id());
}

// Closes those that were used longest ago, until so many are left: first what nobody waits to read. What
// would be gone without its descriptor stays open.
void Tailer::close_idle(std::size_t most) {
  for (const bool queued : {false, true}) {
    for (auto at = open_.begin(); at != open_.end() && open_.size() > most;) {
      auto& file = files_.at(*at);
      const bool needed = file.deleted() || (file.compressed() && draining_.contains(*at));
      const bool closes = !needed && file.queued == queued;
      if (closes) file.close();
      at = closes ? open_.erase(at) : std::next(at);
    }
  }
}

// Where descriptors are exhausted, files give theirs, and hold fewer from now on: others need some too.
void Tailer::make_room() {
  most_open_ = std::max<std::size_t>(most_open_ / 2, kFewestOpen);
  close_idle(0);
}

// An idle file holds no descriptor: not even its file system is kept busy.
void Tailer::close_unused(base::Now now) {
  const auto used_lately = std::count_if(open_.begin(), open_.end(),
                                         [&](FileId id) { return files_.at(id).used_at > swept_before_; });
  close_idle(static_cast<std::size_t>(used_lately));
  swept_before_ = now.mono;
}

}  // namespace dingtail::tail
