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
  File file;                 // open
  std::uint64_t copied = 0;  // of a Life::kCopy: how much of its twin it is
};

bool holds_content(const FileState& state, const TailedFile& file) {
  const auto same_head = holds(file.reader(), 0, state.head);
  if (!same_head || !*same_head) return false;
  if (file.compressed() && state.position > kMostDecompressed) return true;  // reading makes sure of the rest
  const auto same_tail = holds(file.reader(), state.position - state.tail.size, state.tail);
  return same_tail && *same_tail;
}

bool holds_orphan(const Orphan& orphan, const Candidate& candidate) {
  const auto& state = orphan.state;
  if (state.head.size == 0 || candidate.copied > state.size) return false;
  // A copy may have been made before the file was as large as it was seen.
  const auto least = orphan.fate == Fate::kRewritten ? state.position : state.size;
  if (!candidate.file->compressed() && candidate.sibling.info.size < least) return false;
  return holds_content(state, *candidate.file);
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

// Whether it may hold an orphan's content, or a new one.
bool is_wanted(const Past& past, FileId id) {
  const bool copy = past.copies.contains(id);
  if (!copy && past.is_known(id)) return false;
  return !past.orphans.empty() || past.fresh.contains(id);
}

std::uint64_t copied_of(const Past& past, FileId id) {
  const auto copy = past.copies.find(id);
  return copy == past.copies.end() ? 0 : copy->second.position;
}

base::Result<std::vector<Candidate>> candidates_of(const Past& past, std::set<FileId>& undecided) {
  std::vector<Candidate> out;
  auto beside = siblings(past.spot.real);
  if (!beside) return tl::unexpected(std::move(beside).error());
  for (auto& sibling : *beside) {
    if (!is_wanted(past, sibling.info.id)) continue;
    if (is_compressed_name(sibling.path) && !can_decompress(sibling.path)) continue;
    auto file = std::make_unique<TailedFile>(sibling.info.id, past.spot);
    file->move_to(sibling.path);
    const auto opened = file->open();
    if (!opened && opened.error().code == base::Code::kBusy) return tl::unexpected(opened.error());
    const auto copied = copied_of(past, sibling.info.id);
    if (opened && *opened)
      out.push_back({std::move(sibling), std::move(file), copied});
    else
      undecided.insert(sibling.info.id);
  }
  return out;
}

// Several may hold what was read, where that is no more than generations have in common: the oldest is it. A
// beginning of another one is a copy.
std::optional<Candidate> take_content(const Orphan& orphan, std::vector<Candidate>& candidates) {
  std::vector<Candidate*> holders;
  for (auto at = candidates.rbegin(); at != candidates.rend(); ++at)
    if (holds_orphan(orphan, *at)) holders.push_back(&*at);
  for (auto* holder : holders) {
    const bool is_copy = std::any_of(holders.begin(), holders.end(), [&](const Candidate* other) {
      return other != holder && is_copy_of(*other->file, *holder) &&
             other->sibling.info.size >= holder->sibling.info.size;
    });
    if (is_copy) continue;
    auto content = std::move(*holder);
    candidates.erase(candidates.begin() + (holder - candidates.data()));
    return content;
  }
  return std::nullopt;
}

// What was read goes before what was only seen as a copy, the best known first.
std::vector<Orphan> by_knowledge(std::vector<Orphan> orphans) {
  const auto rank = [](const Orphan& orphan) {
    return std::pair(orphan.state.life != Life::kCopy, orphan.state.position);
  };
  std::stable_sort(orphans.begin(), orphans.end(),
                   [&](const Orphan& a, const Orphan& b) { return rank(a) > rank(b); });
  return orphans;
}

// Another file than the orphan may be what is found: a renamed one would have kept its identity, and it may
// be that no more was read of it than others have in common with it.
bool is_unsure(const Orphan& orphan, const Past& past, const std::vector<Candidate>& candidates) {
  const auto& state = orphan.state;
  if (state.size == 0) return !candidates.empty();
  const auto present = std::count_if(past.present.begin(), past.present.end(), [&](const TailedFile* file) {
    return file->id() != state.id && state.head.size > 0 && holds_content(state, *file);
  });
  std::ptrdiff_t holders = 0;
  bool plain = false;
  for (const auto& candidate : candidates) {
    if (!holds_orphan(orphan, candidate)) continue;
    ++holders;
    plain = plain || !candidate.file->compressed();
  }
  return plain || present + holders > 1;
}

void find_orphans(const Past& past, std::vector<Candidate>& candidates, Generations& out) {
  for (const auto& orphan : by_knowledge(past.orphans)) {
    const auto& state = orphan.state;
    if (is_unsure(orphan, past, candidates)) out.unsure.insert(state.id);
    auto content = take_content(orphan, candidates);
    if (!content) {
      out.lost.insert(state.id);
      continue;
    }
    content->file->resume(state);
    if (state.life == Life::kLive) content->file->life = Life::kRotated;
    content->file->age = content->sibling.info.modified;
    out.files.push_back(std::move(content->file));
  }
}

// The file that the candidate is a copy of; null: none that is known.
const TailedFile* twin_of(const Candidate& candidate, const Past& past, const Generations& found) {
  for (const auto* file : past.present)
    if (is_copy_of(*file, candidate)) return file;
  for (const auto& file : found.files)
    if (file->life != Life::kCopy && is_copy_of(*file, candidate)) return file.get();
  return nullptr;
}

void add_fresh(Candidate candidate, const Past& past, Generations& out) {
  auto& file = *candidate.file;
  const auto& info = candidate.sibling.info;
  const auto before = past.copies.find(info.id);
  if (const auto* twin = twin_of(candidate, past, out)) {
    const auto whole = twin->stat();
    file.be_copy(*twin, !file.compressed() ? info.size : whole ? whole->size : 0);
  } else if (before != past.copies.end()) {
    file.resume(before->second);
    file.life = Life::kRotated;
  } else {
    file.see(info.size);
    file.life = Life::kRotated;
    out.any_whole = true;
  }
  file.age = info.modified;
  out.files.push_back(std::move(candidate.file));
}

}  // namespace

base::Result<Generations> find_generations(const Past& past) {
  Generations out;
  auto candidates = candidates_of(past, out.undecided);
  if (!candidates) return tl::unexpected(std::move(candidates).error());
  find_orphans(past, *candidates, out);
  std::erase_if(*candidates,
                [&](const Candidate& candidate) { return !past.fresh.contains(candidate.sibling.info.id); });
  const bool decided = std::none_of(candidates->begin(), candidates->end(), [&](const Candidate& candidate) {
    return std::any_of(past.unreadable.begin(), past.unreadable.end(), [&](const FileState& file) {
      return file.head.size > 0 && holds_content(file, *candidate.file);
    });
  });
  for (auto& candidate : *candidates) {
    if (decided)
      add_fresh(std::move(candidate), past, out);
    else
      out.undecided.insert(candidate.sibling.info.id);
  }
  std::sort(out.files.begin(), out.files.end(), [](const File& a, const File& b) { return a->age < b->age; });
  return out;
}

}  // namespace dingtail::tail
