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
  Look look;
  for (const auto& pattern : patterns_) look_at(pattern, look);
  return std::move(look.listing);
}

void Finder::look_at(const Pattern& pattern, Look& look) const {
  auto& listing = look.listing;
  bool any = false;
  bool denied = false;
  walk(pattern.text, {[&](const std::string& path) {
                        any = true;
                        add(path, pattern, look);
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

void Finder::add(const std::string& path, const Pattern& pattern, Look& look) const {
  auto& listing = look.listing;
  if (excluded(path, pattern.source)) return;
  const auto info = stat_file(path);
  if (!info || is_own_output(info->id)) return;
  if (!info->regular) {
    if (!has_wildcard(pattern.text)) listing.unfollowed.push_back({path, pattern.source, Why::kIrregular});
    return;
  }
  const auto parent = fs::path(path).parent_path().string();
  auto& real_parent = look.real_directories[parent];
  if (real_parent.empty()) real_parent = real_path(parent);
  std::error_code error;
  const bool is_link = fs::is_symlink(path, error);
  const auto real = is_link ? real_path(path) : (fs::path(real_parent) / fs::path(path).filename()).string();
  if (real != path) {
    listing.directories.insert(fs::path(real).parent_path().string());
    listing.names[real] = info->id;
  }
  listing.names[path] = info->id;
  if (look.seen.insert(info->id).second)
    listing.files.push_back({*info, {path, real, pattern.source}, pattern.key});
  else
    listing.shared[path] = pattern.source;
}

std::string real_path(const std::string& path) {
  std::error_code error;
  const auto real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

std::vector<Sibling> siblings(const std::string& path) {
  const auto name = fs::path(path).filename().string();
  std::vector<Sibling> out;
  std::error_code error;
  for (auto entry = fs::directory_iterator(fs::path(path).parent_path(), error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const auto other = entry->path().filename().string();
    if (other.size() <= name.size() || !other.starts_with(name)) continue;
    if (const auto info = stat_file(entry->path().string()); info && info->regular)
      out.push_back({entry->path().string(), *info});
  }
  std::sort(out.begin(), out.end(), [](const Sibling& a, const Sibling& b) {
    return std::pair(a.info.modified, a.info.id.birth) > std::pair(b.info.modified, b.info.id.birth);
  });
  return out;
}

const std::map<FileId, std::string>* Listings::in(const std::string& directory) {
  const auto [at, is_new] = by_directory_.try_emplace(directory);
  if (is_new) {
    std::error_code error;
    std::map<FileId, std::string> files;
    for (auto entry = fs::directory_iterator(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
      if (const auto info = stat_file(entry->path().string()))
        files.emplace(info->id, entry->path().string());
    if (!error) at->second = std::move(files);
  }
  return at->second ? &*at->second : nullptr;
}

bool Listings::away(const std::string& path, FileId id) {
  const auto directory = fs::path(path).parent_path().string();
  if (in(directory) == nullptr) return true;
  const auto info = stat_file(directory);
  return info && info->id.device != id.device;
}

std::optional<std::string> Listings::beside(const std::string& path, FileId id) {
  const auto* files = in(fs::path(path).parent_path().string());
  if (files == nullptr) return std::nullopt;
  const auto at = files->find(id);
  return at == files->end() ? std::nullopt : std::optional(at->second);
}

}  // namespace dingtail::tail
