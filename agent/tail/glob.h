// Path patterns: * ? [..] within a name, {a,b} alternatives, ** for any number of directories. Names that
// begin with a dot match only a pattern that begins with one.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dingtail::tail {

// "a{b,c}d" → "abd", "acd"; nested braces too. A pattern without braces stands for itself.
std::vector<std::string> expand_braces(std::string_view pattern);

bool has_wildcard(std::string_view pattern);

// True where the name is that of a rotated log under a wildcard: app.log.1, .old, .bak, .gz .zst .xz .bz2, or
// a date after the extension (app.log-20261121). app-2026-11-21.log is live.
bool is_rotated_name(std::string_view name);

// The name that a rotated one was made of: what stands before a number, a date, .old or .bak, and perhaps
// .gz … behind it. Nothing: it is no rotated name.
std::optional<std::string> base_of(std::string_view name);

inline constexpr std::array<std::string_view, 4> kCompressed{".gz", ".zst", ".xz", ".bz2"};
// It ends with one of them.
bool is_compressed_name(std::string_view name);

// The whole path against a pattern without "**" meaning anything special: for `exclude`.
bool matches_path(const std::string& pattern, const std::string& path);

struct GlobVisitor {
  std::function<void(const std::string& path)> file;  // an entry that matches (any kind but a directory)
  // May not be looked into, or at.
  std::function<void(const std::string& path)> denied;
  // It cannot be listed now, for want of descriptors.
  std::function<void()> busy;
  // A symbolic link to nothing.
  std::function<void(const std::string& path)> dangling;
  // Its listing decides what matches: to be watched.
  std::function<void(const std::string& path)> directory;
};

// Whether walk() with that pattern would come to that path.
bool matches_pattern(const std::string& pattern, const std::string& path);

// Walks the file system for one pattern without braces (an absolute path). What does not exist yet is told by
// its nearest existing directory. Directories reached through symbolic links are entered by name, but not by
// **.
void walk(const std::string& pattern, const GlobVisitor& visit);

}  // namespace dingtail::tail
