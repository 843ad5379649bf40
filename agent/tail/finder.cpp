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

Listing Finder::look() const {
  Listing listing;
  std::set<FileId> seen;
  for (const auto& pattern : patterns_) look_at(pattern, listing, seen);
  return listing;
}

void Finder::look_at(const Pattern& pattern, Listing& listing, std::set<FileId>& seen) const {
  bool any = false;
  bool denied = false;
  walk(pattern.text, {[&](const std::string& path) {
                        any = true;
                        add(path, pattern, listing, seen);
                      },
                      [&](const std::string& path) {
                        denied = true;
                        listing.unfollowed.push_back({path, pattern.source, Why::kDenied});
                      },
                      [&](const std::string& directory) { listing.directories.insert(directory); }});
  if (denied) return;
  listing.pattern_keys.insert(pattern.key);
  if (any) return;
  if (has_wildcard(pattern.text))
    listing.empty_patterns.insert(pattern.text);
  else
    listing.unfollowed.push_back({pattern.text, pattern.source, Why::kMissing});
}

bool Finder::excluded(const std::string& path, std::size_t source) const {
  if (!own_directory_.empty() && path.starts_with(own_directory_ + "/")) return true;
  const auto name = fs::path(path).filename().string();
  const auto& patterns = excludes_[source];
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    const bool whole = pattern.find('/') != std::string::npos;  // else a bare name will do
    return matches_path(pattern, path) || (!whole && matches_path(pattern, name));
  });
}

void Finder::add(const std::string& path, const Pattern& pattern, Listing& listing,
                 std::set<FileId>& seen) const {
  if (excluded(path, pattern.source)) return;
  const auto info = stat_file(path);
  if (!info || is_own_output(info->id)) return;
  if (!info->regular) {
    if (!has_wildcard(pattern.text)) listing.unfollowed.push_back({path, pattern.source, Why::kIrregular});
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

std::vector<Sibling> siblings(const std::string& path) {
  const auto name = fs::path(path).filename().string();
  std::vector<Sibling> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path(), error)) {
    const auto other = entry.path().filename().string();
    if (other.size() <= name.size() || !other.starts_with(name) || is_compressed_name(other)) continue;
    if (const auto info = stat_file(entry.path().string()); info && info->regular)
      out.push_back({entry.path().string(), *info});
  }
  std::sort(out.begin(), out.end(), [](const Sibling& a, const Sibling& b) {
    return std::pair(a.info.id.birth, a.info.modified) > std::pair(b.info.id.birth, b.info.modified);
  });
  return out;
}

std::optional<std::map<FileId, std::string>> list_by_id(const std::string& directory) {
  std::error_code error;
  std::map<FileId, std::string> out;
  for (auto entry = fs::directory_iterator(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (const auto info = stat_file(entry->path().string())) out.emplace(info->id, entry->path().string());
  if (error) return std::nullopt;
  return out;
}

}  // namespace dingtail::tail
