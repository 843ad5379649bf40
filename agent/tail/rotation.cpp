#include "tail/rotation.h"

#include <algorithm>
#include <array>
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

// Both hold the same `size` bytes from the beginning on, or what there is of them.
bool same_start(const ReadAt& one, const ReadAt& other, std::uint64_t size) {
  std::array<char, 16UL * 1024> left{};
  std::array<char, 16UL * 1024> right{};
  for (std::uint64_t at = 0; at < size; at += left.size()) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, left.size()));
    const auto a = one({left.data(), wanted}, at);
    const auto b = other({right.data(), wanted}, at);
    if (!a || !b || *a != *b) return false;
    if (std::string_view(left.data(), *a) != std::string_view(right.data(), *b)) return false;
    if (*a < wanted) break;
  }
  return true;
}

// The candidate's content is the beginning of that file's: a copy, or what a compressor made of it.
bool is_copy_of(const TailedFile& file, const Candidate& candidate) {
  constexpr std::uint64_t kCompared = 64UL * 1024;
  const auto file_size = file.size_now();
  if (file_size == 0) return false;
  const auto read = candidate.file->reader();
  if (!candidate.file->compressed()) {
    const auto size = candidate.sibling.info.size;
    const auto same = agree(read, file.reader(), size);
    return size <= file_size && same && *same;
  }
  std::array<char, 1> next{};
  if (!same_start(read, file.reader(), std::min(file_size, kCompared))) return false;
  const auto more = file_size < kCompared ? read(next, file_size) : base::Result<std::size_t>(0);
  return more && *more == 0;
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
    bool found = false;
    for (auto at = candidates.begin(); at != candidates.end();) {
      if (!holds_orphan(orphan, *at)) {
        ++at;
        continue;
      }
      if (!std::exchange(found, true)) {  // the youngest; the others are copies of it
        resume(*at, orphan);
        out.files.push_back(std::move(at->file));
      }
      at = candidates.erase(at);
    }
    if (!found) out.lost.push_back(orphan);
  }
  for (auto& candidate : candidates) {
    const auto is_copy = [&](const auto& file) { return is_copy_of(*file, candidate); };
    const auto id = candidate.sibling.info.id;
    if (!past.fresh.contains(id)) continue;
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
