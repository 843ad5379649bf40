#include "tail/remembered.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "tail/file_system.h"
#include "tail/finder.h"

namespace dingtail::tail {
namespace {

constexpr std::ptrdiff_t kMostGone = 300;

std::string parent_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

bool is_gone(const FileState& state) {
  return state.life == Life::kGone;
}

}  // namespace

std::optional<FileId> Remembered::add_gone(FileState state) {
  std::optional<FileId> forgotten;
  const auto gone = [](const auto& entry) { return is_gone(entry.second); };
  if (std::ranges::count_if(states_, gone) >= kMostGone) {
    const auto any = std::ranges::find_if(states_, gone);
    forgotten = any->first;
    states_.erase(any);
  }
  add(std::move(state));
  return forgotten;
}

std::optional<FileState> Remembered::take(TailedFile& file) {
  const auto at = find(file);
  if (at == states_.end()) return std::nullopt;
  auto state = std::move(at->second);
  states_.erase(at);
  return state;
}

// A file of a lower layer is copied up, and so born anew, when it is first written to.
bool Remembered::is_reborn(FileId before, const TailedFile& file) {
  return before.device == file.id().device && before.inode == file.id().inode && before != file.id() &&
         !tells_of_changes(parent_of(file.at()));
}

Remembered::States::iterator Remembered::find(TailedFile& file) {
  if (const auto same = states_.find(file.id()); same != states_.end()) return same;
  const auto at_path = std::find_if(states_.begin(), states_.end(), [&](const auto& entry) {
    const auto& state = entry.second;
    return state.id.inode == file.id().inode && state.path == file.path() && state.position > 0 &&
           (state.id.birth == file.id().birth || is_reborn(state.id, file));
  });
  if (at_path == states_.end()) return at_path;
  const auto& state = at_path->second;
  if (const auto opened = file.open(); !opened || !*opened) return states_.end();
  const auto same_head = holds(file.reader(), 0, state.head);
  const auto same_tail = holds(file.reader(), state.position - state.tail.size, state.tail);
  return same_head && *same_head && same_tail && *same_tail ? at_path : states_.end();
}

std::vector<Remembered::Renumbered> Remembered::renumber(Listings& listings) {
  using Place = std::pair<std::string, std::uint64_t>;  // a directory, and the number of its device before
  std::map<Place, std::uint64_t> numbers;
  for (const auto& [id, state] : states_)
    if (const auto now = listings.renumbered(state.real, id))
      numbers[{parent_of(state.real), id.device}] = now->device;
  std::vector<Renumbered> out;
  if (numbers.empty()) return out;
  for (auto at = states_.begin(); at != states_.end();) {
    const auto number = numbers.find({parent_of(at->second.real), at->first.device});
    if (number == numbers.end()) {
      ++at;
      continue;
    }
    auto& state = at->second;
    for (auto* id : {&state.id, &state.twin})
      if (id->device == at->first.device) id->device = number->second;
    out.push_back({at->first, std::move(state)});
    at = states_.erase(at);
  }
  for (const auto& each : out) add(each.state);
  return out;
}

std::vector<Remembered::Fate> Remembered::settle(
    const std::function<bool(const std::string& source)>& is_source, Listings& listings) {
  std::vector<Fate> fates;
  for (auto at = states_.begin(); at != states_.end();) {
    const auto& state = at->second;
    const bool away = listings.away(state.real, state.id);
    const auto stands = listings.beside(state.real, state.id);
    const auto there = stat_file(state.path);
    const bool unnamed = there && there->id == state.id && state.life == Life::kLive;
    if (away || unnamed || (is_gone(state) && !stands) || (stands && !is_source(state.source))) {
      ++at;
      continue;
    }
    fates.push_back({state, stands});
    at = states_.erase(at);
  }
  return fates;
}

std::vector<FileId> Remembered::forget_gone(const std::set<std::string>& directories) {
  std::vector<FileId> gone;
  Listings listings;
  for (auto at = states_.begin(); at != states_.end();) {
    const auto& [id, state] = *at;
    const auto directory = parent_of(state.real);
    const auto* there = directories.contains(directory) ? listings.in(directory) : nullptr;
    const bool is_gone = there != nullptr && !there->contains(id) && !listings.away(state.real, id);
    if (is_gone) gone.push_back(id);
    at = is_gone ? states_.erase(at) : std::next(at);
  }
  return gone;
}

}  // namespace dingtail::tail
