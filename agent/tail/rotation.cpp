#include "tail/rotation.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "tail/glob.h"

namespace dingtail::tail {
namespace {

using File = std::unique_ptr<TailedFile>;

// Decompressing more than this on the loop to compare it would stop everything else.
constexpr std::uint64_t kMostDecompressed = 32ULL << 20;

struct Candidate {
  Sibling sibling;
  File file;  // open
};

bool holds_orphan(const FileState& orphan, const Candidate& candidate) {
  if (orphan.head.size == 0) return false;
  const auto read = candidate.file->reader();
  const bool compressed = candidate.file->compressed();
  if (!compressed && candidate.sibling.info.size < orphan.position) return false;
  const auto same_head = holds(read, 0, orphan.head);
  if (!same_head || !*same_head) return false;
  if (compressed && orphan.position > kMostDecompressed) return true;  // reading makes sure of the rest
  const auto same_tail = holds(read, orphan.position - orphan.tail.size, orphan.tail);
  return same_tail && *same_tail;
}

// `whole` begins with all of `part`, or with its first 64 KiB.
bool begins_with(const ReadAt& whole, const ReadAt& part) {
  constexpr std::uint64_t kCompared = 64UL * 1024;
  std::array<char, 16UL * 1024> left{};
  std::array<char, 16UL * 1024> right{};
  for (std::uint64_t at = 0; at < kCompared; at += left.size()) {
    const auto a = part(left, at);
    const auto b = whole(right, at);
    if (!a || !b || *b < *a) return false;
    if (std::string_view(left.data(), *a) != std::string_view(right.data(), *a)) return false;
    if (*a < left.size()) break;
  }
  return true;
}

// The candidate's content is the beginning of that file's: a copy, or what a compressor made of it.
bool is_copy_of(const TailedFile& file, const Candidate& candidate) {
  const auto info = file.stat();
  if (info && info->size == 0) return false;
  const auto size = candidate.sibling.info.size;
  if (!info || candidate.file->compressed()) return begins_with(file.reader(), candidate.file->reader());
  const auto same = agree(candidate.file->reader(), file.reader(), size);
  return size <= info->size && same && *same;
}

std::vector<Candidate> candidates_of(const Past& past, std::set<FileId>& undecided) {
  std::vector<Candidate> out;
  for (auto& sibling : siblings(past.spot.real)) {
    const bool wanted = !past.orphans.empty() || past.fresh.contains(sibling.info.id);
    if (!wanted || past.is_known(sibling.info.id)) continue;
    if (is_compressed_name(sibling.path) && !can_decompress(sibling.path)) continue;
    auto file = std::make_unique<TailedFile>(sibling.info.id, past.spot);
    file->move_to(sibling.path);
    const auto opened = file->open();
    if (opened && *opened)
      out.push_back({std::move(sibling), std::move(file)});
    else
      undecided.insert(sibling.info.id);
  }
  return out;
}

// Several may hold what was read, where that is no more than generations have in common: the oldest is it. A
// beginning of another one is a copy.
std::optional<Candidate> take_content(const FileState& orphan, std::vector<Candidate>& candidates) {
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return holds_orphan(orphan, candidate) &&
           std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& other) {
             return other.file && &other != &candidate && holds_orphan(orphan, other) &&
                    is_copy_of(*other.file, candidate) &&
                    other.sibling.info.size >= candidate.sibling.info.size;
           });
  });
  for (auto at = candidates.rbegin(); at != candidates.rend(); ++at) {
    if (!holds_orphan(orphan, *at)) continue;
    auto content = std::move(*at);
    candidates.erase(std::next(at).base());
    return content;
  }
  return std::nullopt;
}

void resume(Candidate& candidate, const FileState& orphan) {
  candidate.file->resume(orphan);
  candidate.file->life = Life::kRotated;
  candidate.file->age = candidate.sibling.info.modified;
}

}  // namespace

Generations find_generations(const Past& past) {
  Generations out;
  auto candidates = candidates_of(past, out.undecided);
  for (const auto& orphan : past.orphans) {
    auto content = take_content(orphan, candidates);
    if (content) {
      resume(*content, orphan);
      out.files.push_back(std::move(content->file));
    } else {
      out.lost.push_back(orphan);
    }
  }
  for (auto& candidate : candidates) {
    const auto is_copy = [&](const auto& file) { return is_copy_of(*file, candidate); };
    const auto id = candidate.sibling.info.id;
    if (!past.fresh.contains(id)) continue;
    if (std::any_of(past.unreadable.begin(), past.unreadable.end(),
                    [&](const FileState& file) { return holds_orphan(file, candidate); })) {
      out.undecided.insert(id);
      continue;
    }
    if (std::any_of(past.present.begin(), past.present.end(), is_copy) ||
        std::any_of(out.files.begin(), out.files.end(), is_copy)) {
      out.copies.insert(id);
      continue;
    }
    candidate.file->see(candidate.sibling.info.size);
    candidate.file->life = Life::kRotated;
    candidate.file->age = candidate.sibling.info.modified;
    out.files.push_back(std::move(candidate.file));
  }
  std::sort(out.files.begin(), out.files.end(), [](const File& a, const File& b) { return a->age < b->age; });
  return out;
}

}  // namespace dingtail::tail
