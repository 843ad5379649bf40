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

constexpr std::size_t kMostOpen = 64;

// Descriptors are kept for the files read last; of few that there are, most are others'.
std::size_t most_open() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMostOpen;
  return std::clamp<std::size_t>(limit.rlim_cur / 4, 4, kMostOpen);
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
    if (const auto* held = reader_.held(id)) {  // its open record is read again
      file->go_back_to(*held);
      queue(*file);
    }
  }
  set_aside(gone);
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
    const bool written = event.change == loop::DirChange::kWritten;
    look_again_ = look_again_ || !written || siblings_.waits_for(path);
    auto* file = file_at(path);
    if (file != nullptr) {
      auto& news = file->news;
      news.written = news.written || (written && !came_.contains(path));
      news.moved = news.moved || !(written || event.change == loop::DirChange::kRights);
      queue(*file);
    }
    if (event.change == loop::DirChange::kCame) came_.insert(path);
    if (!written)
      hold_before(path);
    else if (file == nullptr)
      add_by_new_name(path);
  }
  on_news_();
}

// The live file that a name may have been rotated from waits for the next look.
void Tailer::hold_before(const std::string& path) {
  if (const auto base = base_of(path))
    if (const auto live = live_.find(*base); live != live_.end()) hold(live->second);
}

// What was just renamed may be what is written to under a rotated name.
void Tailer::add_by_new_name(const std::string& path) {
  const auto base = is_compressed_name(path) ? std::nullopt : base_of(path);
  auto* file = base ? file_at(*base) : nullptr;
  if (file != nullptr && file->news.moved) file->news.written = true;
}

TailedFile* Tailer::file_at(const std::string& path) const {
  for (const auto* names : {&live_, &away_})
    if (const auto named = names->find(path); named != names->end())
      if (auto* file = files_.find(named->second)) return file;
  return nullptr;
}

// Lets files go and remembers how far they were read, in case they come back: of an open record, to where it
// begins.
void Tailer::set_aside(const std::vector<FileId>& ids) {
  std::vector<FileState> states;
  std::set<std::string> directories;
  for (const auto id : ids) {
    states.push_back(state_of(files_.at(id)));
    directories.insert(fs::path(states.back().real).parent_path().string());
  }
  for (const auto gone : remembered_.forget_gone(directories)) forget_state(gone);
  for (auto& state : states) {
    drop(state.id);
    if (reader_.held(state.id) != nullptr) read_again(state.path);
    set_aside_[state.id] = state;
    remembered_.add(std::move(state));
  }
}

// The open record of that path, in the files that are still followed.
void Tailer::read_again(const std::string& path) {
  for (auto* file : files_.of_path(path))
    if (const auto* held = reader_.held(file->id())) {
      file->go_back_to(*held);
      queue(*file);
    }
  reader_.drop(path);
}

// Its state goes too.
void Tailer::forget(FileId id) {
  drop(id);
  forget_state(id);
}

void Tailer::forget_state(FileId id) {
  set_aside_.erase(id);
  erased_.push_back(id);
}

void Tailer::drop(FileId id) {
  if (const auto* file = files_.find(id); file != nullptr && !file->trouble.empty())
    log_.over(base::Event::kFileUnreadable, file->path());
  files_.erase(id);
  draining_.erase(id);
  held_.erase(id);
  retry_.erase(id);
  changed_.erase(id);
  std::erase(open_, id);
}

// As the next run is to find it: an open record is read again.
FileState Tailer::state_of(const TailedFile& file) const {
  const auto* held = reader_.held(file.id());
  return file.state(sources_[file.source()].name, held != nullptr ? *held : file.cursor);
}

// As this run goes on with it: what was read of an open record is in the reader.
FileState Tailer::read_of(const TailedFile& file) const {
  return file.state(sources_[file.source()].name, file.cursor);
}

TailChanges Tailer::take_changes() {
  TailChanges out;
  for (const auto id : changed_) out.changed.push_back(state_of(files_.at(id)));
  for (auto& [id, state] : std::exchange(set_aside_, {})) out.changed.push_back(std::move(state));
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
