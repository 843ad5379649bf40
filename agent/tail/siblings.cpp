#include "tail/siblings.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <memory>
#include <utility>

#include "base/text.h"
#include "tail/finder.h"
#include "tail/glob.h"

namespace dingtail::tail {
namespace {

constexpr base::Millis kForget = std::chrono::hours(1);  // as long as moving logs may take

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

// In the order of their names.
base::Result<std::vector<Sibling>> list_siblings(const std::string& path) {
  const auto [directory, name] = split_path(path);
  std::vector<Sibling> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) {
    auto error = base::fail_errno("list", errno);
    if (error.value().code == base::Code::kBusy) return error;
    return out;
  }
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string other = entry->d_name;
    if (other.size() <= name.size() || !other.starts_with(name)) continue;
    const auto sibling = join_path(directory, other);
    const auto info = stat_entry(sibling);
    if (info && info->regular && !is_unfinished(sibling)) out.push_back({sibling, *info});
  }
  std::ranges::sort(out, {}, &Sibling::path);
  return out;
}

// Nothing: no regular file, or its compressor is at work.
std::optional<Sibling> sibling_at(const std::string& directory, const std::string& name) {
  const auto path = join_path(directory, name);
  const auto info = stat_entry(path);
  if (!info || !info->regular || is_unfinished(path)) return std::nullopt;
  return Sibling{path, *info};
}

// A compressor makes a new file, and gives it the time of the last write to the old one.
std::uint64_t age_of(const Sibling& sibling) {
  const bool by_birth = sibling.info.id.birth != 0 && !is_compressed_name(sibling.path);
  return by_birth ? sibling.info.id.birth : sibling.info.modified;
}

}  // namespace

base::Result<std::vector<Sibling>> siblings(const std::string& path) {
  // A name that is given to another file meanwhile may be listed twice, or not at all.
  auto before = list_siblings(path);
  auto now = list_siblings(path);
  if (!before || !now) return now ? before : now;
  const bool same = std::ranges::equal(*before, *now, [](const Sibling& a, const Sibling& b) {
    return a.path == b.path && a.info.id == b.info.id;
  });
  if (!same) return base::fail(base::Code::kNotFound, "renamed meanwhile");
  std::sort(now->begin(), now->end(), [](const Sibling& a, const Sibling& b) {
    return std::pair(a.info.modified, a.info.id.birth) > std::pair(b.info.modified, b.info.id.birth);
  });
  return now;
}

std::optional<std::vector<Siblings::Entry>> Siblings::list(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) return std::nullopt;
  std::vector<Entry> out;
  while (const dirent* entry = ::readdir(open.get()))
    if (base_of(entry->d_name)) out.push_back({entry->d_name, entry->d_ino});
  std::sort(out.begin(), out.end());
  return out;
}

std::uint64_t Siblings::digest_of(const std::vector<Entry>& entries) {
  std::uint64_t out = entries.size();
  for (const auto& [name, inode] : entries) out = base::fingerprint(name, out ^ (inode << 1));
  return out;
}

std::map<std::string, std::vector<Sibling>> Siblings::look(const std::set<std::string>& directories,
                                                           const Listed& before) {
  std::map<std::string, std::vector<Sibling>> found;
  waiting_.clear();
  ++looks_;
  for (const auto& directory : directories) look_at(directory, before, found);
  first_run_ = false;
  return found;
}

// From which age on the files of a directory are new that was never looked at in this run: it may have been
// away until now.
std::uint64_t Siblings::age_of_news(const std::string& path) const {
  const auto listed = listed_.find(path);
  if (listed != listed_.end()) return listed->second;
  return first_run_ ? std::numeric_limits<std::uint64_t>::max() : 0;
}

void Siblings::look_at(const std::string& path, const Listed& before,
                       std::map<std::string, std::vector<Sibling>>& found) {
  const auto info = stat_file(path);
  auto entries = list(path);
  if (!info || !entries) return;
  auto& directory = directories_[path];
  directory.looked = looks_;
  const bool is_first = directory.id != info->id;
  const auto digest = digest_of(*entries);
  if (!is_first && directory.entries == digest && directory.modified == info->modified &&
      !directory.undecided)
    return;
  Directory now{info->id, digest, info->modified, looks_, real_path(path) == path};
  for (const auto& entry : *entries) {
    const auto sibling = sibling_at(path, entry.name);
    if (!sibling) continue;
    const auto node = node_of(sibling->info.id);
    const bool is_new = is_first ? age_of(*sibling) >= age_of_news(path) : !directory.seen.contains(node);
    if (is_new && sibling->info.size == 0) {
      waiting_.insert(sibling->path);
      now.undecided = true;
      continue;
    }
    now.seen.insert(node);
    if (is_new) found[join_path(path, *base_of(entry.name))].push_back(*sibling);
  }
  now.undecided = now.undecided || list(path) != entries;  // one that was renamed meanwhile may be missing
  directory = std::move(now);
  // Where nothing is, a file system may be away: what was known of it is the better mark.
  if (directory.undecided || (entries->empty() && listed_.contains(path))) return;
  const auto earlier = before.find(path);
  listed_[path] = std::min(earlier == before.end() ? info->modified : earlier->second, info->modified);
  changes_[path] = listed_[path];
}

void Siblings::forget_deleted(base::Mono now) {
  Listings listings;
  for (auto at = directories_.begin(); at != directories_.end();) {
    auto& [path, directory] = *at;
    std::error_code error;
    const bool is_deleted = directory.is_real && !std::filesystem::exists(path, error) && !error &&
                            !listings.away(join_path(path, "."), directory.id) && !listings.busy();
    if (!is_deleted)
      directory.deleted.reset();
    else if (!directory.deleted)
      directory.deleted = now;
    const bool forget = directory.deleted && now >= *directory.deleted + kForget;
    if (forget) {
      listed_.erase(path);
      changes_[path].reset();
    }
    at = forget ? directories_.erase(at) : std::next(at);
  }
}

bool Siblings::has_listed(const Sibling& sibling) {
  const auto known = directories_.find(split_path(sibling.path).first);
  if (known == directories_.end() || known->second.looked != looks_) return true;
  const bool seen = known->second.seen.contains(node_of(sibling.info.id));
  known->second.undecided = known->second.undecided || !seen;
  return seen;
}

void Siblings::postpone(const std::string& path, FileId id) {
  const auto known = directories_.find(split_path(path).first);
  if (known == directories_.end()) return;
  known->second.seen.erase(node_of(id));
  known->second.undecided = true;
  changes_.erase(known->first);
}

}  // namespace dingtail::tail
