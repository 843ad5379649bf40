#include "tail/siblings.h"

#include <dirent.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "tail/glob.h"

namespace dingtail::tail {
namespace {

std::string join_path(const std::string& directory, const std::string& name) {
  return directory == "/" ? directory + name : directory + "/" + name;
}

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// A compressor removes the original when it is done: until then its file is not complete.
bool is_unfinished(const std::string& path) {
  return is_compressed_name(path) && stat_file(path.substr(0, path.rfind('.'))).has_value();
}

}  // namespace

std::vector<Sibling> siblings(const std::string& path) {
  const auto [directory, name] = split_path(path);
  std::vector<Sibling> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) return out;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string other = entry->d_name;
    if (other.size() <= name.size() || !other.starts_with(name)) continue;
    const auto sibling = join_path(directory, other);
    const auto info = stat_file(sibling);
    if (info && info->regular && !is_unfinished(sibling)) out.push_back({sibling, *info});
  }
  std::sort(out.begin(), out.end(), [](const Sibling& a, const Sibling& b) {
    return std::pair(a.info.modified, a.info.id.birth) > std::pair(b.info.modified, b.info.id.birth);
  });
  return out;
}

std::optional<std::vector<Siblings::Entry>> Siblings::list(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) return std::nullopt;
  std::vector<Entry> out;
  while (const dirent* entry = ::readdir(open.get())) out.push_back({entry->d_name, entry->d_ino});
  std::sort(out.begin(), out.end());
  return out;
}

std::map<std::string, std::vector<Sibling>> Siblings::look(const std::set<std::string>& directories) {
  std::map<std::string, std::vector<Sibling>> found;
  for (const auto& directory : directories) look_at(directory, found);
  return found;
}

void Siblings::look_at(const std::string& path, std::map<std::string, std::vector<Sibling>>& found) {
  const auto info = stat_file(path);
  auto entries = list(path);
  if (!info || !entries) return;
  const auto [at, is_first] = directories_.try_emplace(path);
  auto& directory = at->second;
  if (directory.entries == *entries && directory.modified == info->modified) return;
  const auto restored = restored_.find(path);
  const bool in_the_last_run = is_first && restored != restored_.end();
  std::set<FileId> seen;
  for (const auto& entry : *entries) {
    const auto base = base_of(entry.name);
    if (!base) continue;
    const auto sibling = join_path(path, entry.name);
    const auto there = stat_file(sibling);
    if (!there || !there->regular || is_unfinished(sibling)) continue;
    seen.insert(there->id);
    // A compressor makes a new file, and gives it the time of the last write to the old one.
    const bool by_birth = there->id.birth != 0 && !is_compressed_name(entry.name);
    const auto age = by_birth ? there->id.birth : there->modified;
    if (in_the_last_run ? age >= restored->second : !is_first && !directory.seen.contains(there->id))
      found[join_path(path, *base)].push_back({sibling, *there});
  }
  directory = {std::move(*entries), info->modified, std::move(seen)};
  changes_[path] = info->modified;
}

}  // namespace dingtail::tail
