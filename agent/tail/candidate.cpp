#include "tail/candidate.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "tail/glob.h"

namespace dingtail::tail {
namespace {

// Decompressing more than this on the loop to compare it would stop everything else.
constexpr std::uint64_t kMostDecompressed = 8ULL << 20;
constexpr std::uint64_t kCompared = 64UL * 1024;

// The candidate is the file as it was, compressed.
bool is_compressed(const FileState& state, const Candidate& candidate) {
  if (!candidate.file->compressed() || state.position > kMostDecompressed)
    return candidate.file->compressed();
  std::array<char, 1> beyond{};
  const auto got = candidate.file->reader()(beyond, state.position);
  return got && *got == 0;
}

// How many bytes `part` has, where `whole` begins with them; kCompared: so many, or more.
std::optional<std::uint64_t> beginning_of(const ReadAt& whole, const ReadAt& part) {
  std::array<char, 16UL * 1024> left{};
  std::array<char, 16UL * 1024> right{};
  for (std::uint64_t at = 0; at < kCompared; at += left.size()) {
    const auto a = part(left, at);
    const auto b = whole(right, at);
    if (!a || !b || *b < *a) return std::nullopt;
    if (std::string_view(left.data(), *a) != std::string_view(right.data(), *a)) return std::nullopt;
    if (*a < left.size()) return at + *a;
  }
  return kCompared;
}

// Whether it may hold an orphan's content, or a new one.
bool is_wanted(const Past& past, FileId id) {
  const bool copy = past.copies.contains(id);
  if (!copy && past.is_known(id)) return false;
  return !past.orphans.empty() || past.fresh.contains(id);
}

// It came since this look listed it: it may be what an orphan became, and is fresh at the next look.
bool came_since(const Past& past, const Sibling& sibling) {
  const bool fresh = past.fresh.contains(sibling.info.id) || past.copies.contains(sibling.info.id);
  return !fresh && sibling.info.size > 0 && base_of(sibling.path) == past.spot.real &&
         !past.was_listed(sibling);
}

}  // namespace

base::Result<std::vector<Candidate>> candidates_of(const Past& past, std::set<FileId>& undecided) {
  std::vector<Candidate> out;
  auto beside = siblings(past.spot.real);
  if (!beside) return tl::unexpected(std::move(beside).error());
  for (auto& sibling : *beside) {
    if (!is_wanted(past, sibling.info.id)) continue;
    if (is_compressed_name(sibling.path) && !can_decompress(sibling.path)) continue;
    if (came_since(past, sibling)) return base::fail(base::Code::kNotFound, "came during the search");
    auto file = std::make_unique<TailedFile>(sibling.info.id, past.spot);
    file->move_to(sibling.path);
    const auto opened = file->open();
    if (!opened && opened.error().code == base::Code::kBusy) return tl::unexpected(opened.error());
    if (opened && !*opened) return base::fail(base::Code::kNotFound, "renamed during the search");
    const auto copy = past.copies.find(sibling.info.id);
    const auto twin = copy == past.copies.end() ? std::nullopt : std::optional(copy->second.twin);
    if (opened)
      out.push_back({std::move(sibling), std::move(file), twin});
    else
      undecided.insert(sibling.info.id);
  }
  return out;
}

bool holds_content(const FileState& state, const TailedFile& file) {
  const auto same_head = holds(file.reader(), 0, state.head);
  if (!same_head || !*same_head) return false;
  if (file.compressed() && state.position > kMostDecompressed) return true;  // reading makes sure of the rest
  const auto same_tail = holds(file.reader(), state.position - state.tail.size, state.tail);
  return same_tail && *same_tail;
}

bool has_grown(const FileState& state, const Candidate& candidate) {
  return candidate.file->compressed() && !is_compressed(state, candidate) &&
         candidate.sibling.info.modified > state.age;
}

bool holds_orphan(const Orphan& orphan, const Candidate& candidate) {
  const auto& state = orphan.state;
  const auto& info = candidate.sibling.info;
  if (state.head.size == 0) return false;
  if (candidate.twin && *candidate.twin != state.id) return false;
  if (state.life == Life::kCopy && !is_compressed(state, candidate) && !has_grown(state, candidate))
    return false;  // else its identity would tell
  if (!candidate.file->compressed() && info.size < state.position) return false;
  return holds_content(state, *candidate.file);
}

std::optional<std::uint64_t> copied_of(const TailedFile& file, const Candidate& candidate) {
  const auto info = file.stat();
  if (info && info->size == 0) return std::nullopt;
  const auto size = candidate.sibling.info.size;
  if (!info || candidate.file->compressed()) {
    const auto same = beginning_of(file.reader(), candidate.file->reader());
    return same && *same == kCompared && info ? info->size : same;
  }
  const auto same = agree(candidate.file->reader(), file.reader(), size);
  return size <= info->size && same && *same ? std::optional(size) : std::nullopt;
}

}  // namespace dingtail::tail
