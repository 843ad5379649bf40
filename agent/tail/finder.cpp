#include "tail/finder.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tail/glob.h"

namespace dingtail::tail {
namespace {

namespace fs = std::filesystem;

// Following the agent's own log, where stdout or stderr is a file, would feed on itself.
bool is_own_output(FileId id) {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (const auto info = stat_file(fd); info && info->regular && info->id == id) return true;
  }
  return false;
}

}  // namespace

void Finder::set_sources(const std::vector<config::Source>& sources) {
  patterns_.clear();
  excludes_.clear();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    excludes_.push_back(sources[i].exclude);
    for (const auto& path : sources[i].paths)
      for (auto& pattern : expand_braces(path))
        patterns_.push_back({pattern, i, sources[i].name + '\x1f' + pattern});
  }
}

std::set<std::string> Finder::pattern_keys() const {
  std::set<std::string> keys;
  for (const auto& pattern : patterns_) keys.insert(pattern.key);
  return keys;
}

Listing Finder::look() const {
  Listing listing;
  std::set<FileId> seen;
  for (const auto& pattern : patterns_) {
    bool any = false;
    const GlobVisitor visit = {[&](const std::string& path) {
                                 any = true;
                                 add(path, pattern, listing, seen);
                               },
                               [&](const std::string& directory) { listing.directories.insert(directory); }};
    walk(pattern.text, visit);
    if (any) continue;
    if (has_wildcard(pattern.text))
      listing.empty_patterns.insert(pattern.text);
    else
      listing.unfollowed.push_back({pattern.text, pattern.source, true});
  }
  return listing;
}

bool Finder::excluded(const std::string& path, std::size_t source) const {
  if (!own_directory_.empty() && path.starts_with(own_directory_ + "/")) return true;
  const auto& patterns = excludes_[source];
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches_path(pattern, path); });
}

void Finder::add(const std::string& path, const Pattern& pattern, Listing& listing,
                 std::set<FileId>& seen) const {
  if (excluded(path, pattern.source)) return;
  const auto info = stat_file(path);
  if (!info || is_own_output(info->id)) return;
  if (!info->regular) {
    if (!has_wildcard(pattern.text)) listing.unfollowed.push_back({path, pattern.source, false});
    return;
  }
  std::error_code error;
  const auto real = fs::canonical(path, error);
  if (!error && real != path) {
    listing.directories.insert(real.parent_path().string());
    listing.names[real.string()] = info->id;
  }
  listing.names[path] = info->id;
  if (seen.insert(info->id).second)
    listing.files.push_back({*info, path, pattern.source, pattern.key});
  else
    listing.shared[path] = pattern.source;
}

std::vector<std::string> siblings(const std::string& path) {
  const auto name = fs::path(path).filename().string();
  std::vector<std::pair<std::uint64_t, std::string>> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path(), error)) {
    const auto other = entry.path().filename().string();
    if (other.size() <= name.size() || !other.starts_with(name)) continue;
    if (const auto info = stat_file(entry.path().string()))
      found.emplace_back(info->modified, entry.path().string());
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> out;
  for (auto& [modified, sibling] : found) out.push_back(std::move(sibling));
  return out;
}

std::optional<std::string> find_by_id(const std::string& directory, FileId id) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const auto info = stat_file(entry.path().string());
    if (info && info->id == id) return entry.path().string();
  }
  return std::nullopt;
}

}  // namespace dingtail::tail
