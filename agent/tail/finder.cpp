#include "tail/finder.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tail/glob.h"

namespace dingtail::tail {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // on one way

// Following the agent's own log, where stdout or stderr is a file, would feed on itself.
std::set<FileId> own_output() {
  std::set<FileId> out;
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
    if (const auto info = stat_file(fd); info && info->regular) out.insert(info->id);
  return out;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where the links stand that lead from a name to its file: each may be retargeted.
void add_links(std::string path, std::set<std::string>& directories) {
  std::error_code error;
  for (int i = 0; i < kMostLinks && fs::is_symlink(path, error); ++i) {
    const auto target = fs::read_symlink(path, error);
    if (error) return;
    path = (fs::path(path).parent_path() / target).lexically_normal().string();
    directories.insert(parent_of(path));
  }
}

// Of a path that stands for itself.
Why why_nothing(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? Why::kDirectory : Why::kMissing;
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
  look.own_output = own_output();
  for (const auto& pattern : patterns_) look_at(pattern, look);
  return std::move(look.listing);
}

void Finder::look_at(const Pattern& pattern, Look& look) const {
  auto& listing = look.listing;
  bool any = false;
  bool denied = false;
  const auto deny = [&](const std::string& path) {
    denied = true;
    listing.unfollowed.push_back({path, pattern.source, Why::kDenied});
  };
  walk(pattern.text, {[&](const std::string& path) {
                        any = true;
                        if (!add(path, pattern, look)) deny(path);
                      },
                      deny, [&] { listing.busy = true; },
                      [&](const std::string& link) { add_links(link, listing.directories); },
                      [&](const std::string& directory) {
                        listing.directories.insert(directory);
                        if (const auto info = stat_file(directory))
                          listing.before.try_emplace(directory, info->modified);
                      }});
  if (denied) return;
  listing.pattern_keys.insert(pattern.key);
  if (any) return;
  if (has_wildcard(pattern.text))
    listing.empty_patterns.insert(pattern.text);
  else
    listing.unfollowed.push_back({pattern.text, pattern.source, why_nothing(pattern.text)});
}

std::optional<Finder::Owner> Finder::owner_of(const std::string& path) const {
  for (const auto& pattern : patterns_)
    if (matches_pattern(pattern.text, path) && !excluded(path, pattern.source))
      return Owner{pattern.source, pattern.key};
  return std::nullopt;
}

bool Finder::excluded(const std::string& path, std::size_t source) const {
  if (!own_directory_.empty() && path.starts_with(own_directory_ + "/")) return true;
  const auto& patterns = excludes_[source];
  if (patterns.empty()) return false;
  const auto name = fs::path(path).filename().string();
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    const bool whole = pattern.find('/') != std::string::npos;  // else a bare name will do
    return matches_path(pattern, path) || (!whole && matches_path(pattern, name));
  });
}

bool Finder::add(const std::string& path, const Pattern& pattern, Look& look) const {
  auto& listing = look.listing;
  if (excluded(path, pattern.source)) return true;
  auto info = stat_entry(path);
  const bool is_link = info && info->link;
  if (is_link) info = stat_file(path);
  if (!info) return info.error().code != base::Code::kDenied;
  if (look.own_output.contains(info->id)) return true;
  if (!info->regular) {
    if (!has_wildcard(pattern.text)) listing.unfollowed.push_back({path, pattern.source, Why::kIrregular});
    return true;
  }
  const auto parent = parent_of(path);
  const auto [at, is_new] = look.directories.try_emplace(parent);
  if (is_new) at->second = {real_path(parent), deciders_of(parent)};
  const auto& real_parent = at->second.real;
  if (is_link) add_links(path, listing.directories);
  // Else whoever may rename his log could have the agent read, and tell, any file that it may read.
  const auto deciders = is_link ? deciders_of(path) : at->second.deciders;
  if (!deciders.empty() && deciders != std::set{info->owner}) {
    listing.unfollowed.push_back({path, pattern.source, Why::kForeignLink});
    return true;
  }
  const auto in_real_parent = [&] { return (fs::path(real_parent) / fs::path(path).filename()).string(); };
  const auto real = is_link ? real_path(path) : (real_parent == parent ? path : in_real_parent());
  if (real != path) {
    listing.directories.insert(parent_of(real));
    listing.names[real] = info->id;
  }
  listing.names[path] = info->id;
  if (look.seen.insert(info->id).second)
    listing.files.push_back({*info, {path, real, pattern.source}, pattern.key});
  else
    listing.shared[path] = pattern.source;
  return true;
}

const char* words(Why why) {
  switch (why) {
    case Why::kMissing:
      return "no such file; it is followed when it appears";
    case Why::kDirectory:
      return "it is a directory: name the files in it, as with /* behind it";
    case Why::kIrregular:
      return "not a regular file";
    case Why::kDenied:
      return "permission denied; it is followed when the agent's user may read it";
    case Why::kForeignLink:
      return "reached by a symbolic link whose owner is neither root nor the file's: not followed; name the "
             "file itself in `paths`, or let root own the link";
  }
  return "";
}

std::string real_path(const std::string& path) {
  std::error_code error;
  const auto real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

std::set<std::uint32_t> deciders_of(const std::string& path) {
  std::set<std::uint32_t> out;
  fs::path way = "/";
  auto left = fs::path(path).relative_path();
  for (int links = 0; !left.empty();) {
    const auto step = way / *left.begin();
    const auto info = stat_entry(step.string());
    fs::path rest;
    for (auto name = std::next(left.begin()); name != left.end(); ++name) rest /= *name;
    std::error_code error;
    if (!info || !info->link) {
      way = step.lexically_normal();
      left = rest;
    } else if (const auto target = fs::read_symlink(step, error); !error && ++links < kMostLinks) {
      if (info->owner != 0 && info->owner != ::geteuid()) out.insert(info->owner);
      if (target.is_absolute()) way = "/";
      left = target.relative_path() / rest;
    } else {
      break;
    }
  }
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
    busy_ = busy_ || base::fail_errno("list", error.value()).value().code == base::Code::kBusy;
  }
  return at->second ? &*at->second : nullptr;
}

bool Listings::away(const std::string& path, FileId id) {
  auto directory = fs::path(path).parent_path();
  for (std::error_code error; directory.has_relative_path() && !fs::exists(directory, error) && !error;)
    directory = directory.parent_path();
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

std::optional<FileId> Listings::renumbered(const std::string& path, FileId id) {
  const auto directory = fs::path(path).parent_path().string();
  const auto info = stat_file(directory);
  if (!info || info->id.device == id.device || id.birth == 0) return std::nullopt;
  const FileId now{info->id.device, id.inode, id.birth};
  const auto* files = in(directory);
  return files != nullptr && files->contains(now) ? std::optional(now) : std::nullopt;
}

}  // namespace dingtail::tail
