#include "tail/glob.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <span>

#include "base/text.h"

#include "base/result.h"

namespace dingtail::tail {
namespace {

constexpr int kMostDepth = 32;  // of **

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// What readdir(3) says of an entry's type spares a look at each file of a large directory.
struct Entry {
  std::string name;
  unsigned char type = DT_UNKNOWN;

  auto operator<=>(const Entry&) const = default;
};

// Itself, not through a symbolic link.
bool is_own_directory(const std::string& path, unsigned char type) {
  if (type != DT_UNKNOWN) return type == DT_DIR;
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::vector<Entry> list(const std::string& directory, const GlobVisitor& visit) {
  std::vector<Entry> entries;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) {
    const auto why = base::fail_errno("list", errno).value().code;
    if (why == base::Code::kDenied) visit.denied(directory);
    if (why == base::Code::kBusy) visit.busy();
    return entries;
  }
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") entries.push_back({std::string(name), entry->d_type});
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::string join_path(const std::string& directory, std::string_view name) {
  return directory == "/" ? "/" + std::string(name) : directory + "/" + std::string(name);
}

void walk_from(const std::string& directory, std::span<const std::string_view> parts, int depth,
               const GlobVisitor& visit);

void step(const std::string& path, std::span<const std::string_view> rest, int depth,
          const GlobVisitor& visit) {
  if (!rest.empty()) return walk_from(path, rest, depth, visit);
  struct stat info {};
  const bool there = ::stat(path.c_str(), &info) == 0;
  if (there && !S_ISDIR(info.st_mode)) visit.file(path);
  if (!there && errno == EACCES) visit.denied(path);
  if (!there && errno == ENOENT && ::lstat(path.c_str(), &info) == 0) visit.dangling(path);
}

void walk_any_depth(const std::string& directory, std::span<const std::string_view> parts, int depth,
                    const GlobVisitor& visit) {
  walk_from(directory, parts.subspan(1), depth, visit);
  if (depth >= kMostDepth) return;
  for (const auto& [name, type] : list(directory, visit)) {
    if (name.front() == '.' || type == DT_REG) continue;
    const auto path = join_path(directory, name);
    if (is_own_directory(path, type)) walk_any_depth(path, parts, depth + 1, visit);
  }
}

void walk_wildcard(const std::string& directory, const std::string& wildcard,
                   std::span<const std::string_view> rest, int depth, const GlobVisitor& visit) {
  visit.directory(directory);
  for (const auto& [entry, type] : list(directory, visit)) {
    if (::fnmatch(wildcard.c_str(), entry.c_str(), FNM_PERIOD) != 0) continue;
    if (rest.empty() && is_rotated_name(entry)) continue;
    const auto path = join_path(directory, entry);
    if (rest.empty() && type == DT_REG)
      visit.file(path);
    else if (rest.empty() || (type != DT_REG && is_directory(path)))
      step(path, rest, depth, visit);
  }
}

void walk_from(const std::string& directory, std::span<const std::string_view> parts, int depth,
               const GlobVisitor& visit) {
  const std::string name(parts.front());
  if (name == "**") {
    visit.directory(directory);
    walk_any_depth(directory, parts.size() > 1 ? parts : std::array<std::string_view, 2>{"**", "*"}, depth,
                   visit);
    return;
  }
  const auto rest = parts.subspan(1);
  if (!has_wildcard(name)) {
    const auto path = join_path(directory, name);
    if (rest.empty() || !is_directory(path)) visit.directory(directory);
    if (rest.empty() || is_directory(path)) step(path, rest, depth, visit);
    return;
  }
  walk_wildcard(directory, name, rest, depth, visit);
}

std::vector<std::string_view> parts_of(const std::string& path) {
  std::vector<std::string_view> parts;
  for (const auto part : base::split(path, '/'))
    if (!part.empty()) parts.push_back(part);
  return parts;
}

bool matches_from(std::span<const std::string_view> parts, std::span<const std::string_view> names) {
  if (parts.empty()) return names.empty();
  if (parts.front() == "**") {
    if (parts.size() == 1) return !names.empty();
    for (std::size_t skipped = 0; skipped < names.size(); ++skipped)
      if (matches_from(parts.subspan(1), names.subspan(skipped))) return true;
    return false;
  }
  return !names.empty() &&
         ::fnmatch(std::string(parts.front()).c_str(), std::string(names.front()).c_str(), FNM_PERIOD) == 0 &&
         matches_from(parts.subspan(1), names.subspan(1));
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "20261121", "2026-11-21", with or without a time behind it ("-1761234567", ".03", "T10").
bool is_date(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9')
      digits += c;
    else if (c != '-' && c != '_' && c != '.' && c != 'T')
      return false;
  }
  if (digits.size() < 8) return false;
  const auto month = digits.substr(4, 2);
  const auto day = digits.substr(6, 2);
  return (digits.starts_with("19") || digits.starts_with("20")) && month >= "01" && month <= "12" &&
         day >= "01" && day <= "31";
}

}  // namespace

std::vector<std::string> expand_braces(std::string_view pattern) {
  const auto open = pattern.find('{');
  if (open == std::string_view::npos) return {std::string(pattern)};
  int depth = 0;
  std::vector<std::string_view> choices;
  std::size_t from = open + 1;
  for (std::size_t at = open; at < pattern.size(); ++at) {
    if (pattern[at] == '{') ++depth;
    if (pattern[at] == '}') --depth;
    const bool ends = depth == 0;
    if (!ends && !(depth == 1 && pattern[at] == ',')) continue;
    choices.push_back(pattern.substr(from, at - from));
    from = at + 1;
    if (ends) break;
  }
  if (depth != 0) return {std::string(pattern)};
  std::vector<std::string> out;
  for (const auto choice : choices)
    for (auto& whole : expand_braces(std::string(pattern.substr(0, open)) + std::string(choice) +
                                     std::string(pattern.substr(from))))
      out.push_back(std::move(whole));
  return out;
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

bool is_compressed_name(std::string_view name) {
  return std::ranges::any_of(kCompressed, [&](std::string_view ending) { return name.ends_with(ending); });
}

std::optional<std::string> base_of(std::string_view name) {
  const auto whole = name.size();
  if (is_compressed_name(name)) name = name.substr(0, name.rfind('.'));
  if (name.ends_with(".old") || name.ends_with(".bak")) name.remove_suffix(4);
  const auto last_other = name.find_last_not_of("0123456789._-T");
  const auto from = last_other == std::string_view::npos ? name.size() : last_other + 1;
  const auto separator = name.find_first_of("._-", from);
  const bool numbered = separator != std::string_view::npos && separator > 0 &&
                        name.find_first_of("0123456789", separator) != std::string_view::npos;
  if (numbered) name = name.substr(0, separator);
  if (name.size() == whole || name.empty()) return std::nullopt;
  return std::string(name);
}

bool is_rotated_name(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const auto last = name.substr(dot + 1);
  if (last == "old" || last == "bak" || is_compressed_name(name) || all_digits(last)) return true;
  // A date behind an extension: "app.log-20261121", "app.log.2026-11-21".
  const auto first_dot = name.find('.', 1);
  const auto extension_end = name.find_first_of("-_.", first_dot + 1);
  return extension_end != std::string_view::npos && extension_end > first_dot + 1 &&
         !all_digits(name.substr(first_dot + 1, extension_end - first_dot - 1)) &&
         is_date(name.substr(extension_end + 1));
}

bool matches_path(const std::string& pattern, const std::string& path) {
  for (const auto& one : expand_braces(pattern))
    if (::fnmatch(one.c_str(), path.c_str(), 0) == 0) return true;
  return false;
}

bool matches_pattern(const std::string& pattern, const std::string& path) {
  const auto parts = parts_of(pattern);
  const auto names = parts_of(path);
  return !names.empty() && matches_from(parts, names) &&
         !(has_wildcard(parts.back()) && is_rotated_name(names.back()));
}

void walk(const std::string& pattern, const GlobVisitor& visit) {
  const auto parts = parts_of(pattern);
  if (!parts.empty()) walk_from("/", parts, 0, visit);
}

}  // namespace dingtail::tail
