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
constexpr std::uint64_t kMostDecompressed = 8ULL << 20;

struct Candidate {
  Sibling sibling;
  File file;                   // open
  std::optional<FileId> twin;  // of a Life::kCopy
};

bool holds_content(const FileState& state, const TailedFile& file) {
  const auto same_head = holds(file.reader(), 0, state.head);
  if (!same_head || !*same_head) return false;
  if (file.compressed() && state.position > kMostDecompressed) return true;  // reading makes sure of the rest
  const auto same_tail = holds(file.reader(), state.position - state.tail.size, state.tail);
  return same_tail && *same_tail;
}

// The candidate is the file as it was, compressed.
bool is_compressed(const FileState& state, const Candidate& candidate) {
  if (!candidate.file->compressed() || state.position > kMostDecompressed)
    return candidate.file->compressed();
  std::array<char, 1> beyond{};
  const auto got = candidate.file->reader()(beyond, state.position);
  return got && *got == 0;
}

// What began as another file does was taken for its copy; it was written to since, and then compressed.
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

constexpr std::uint64_t kCompared = 64UL * 1024;

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

// How much of that file the candidate is a copy of, or what a compressor made of it. Nothing: it is none.
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

// Whether it may hold an orphan's content, or a new one.
bool is_wanted(const Past& past, FileId id) {
  const bool copy = past.copies.contains(id);
  if (!copy && past.is_known(id)) return false;
  return !past.orphans.empty() || past.fresh.contains(id);
}

// It came since this look listed it: it may be what an orphan became, and is fresh at the next look.
bool came_since(const Past& past, const Sibling& sibling) {
  const bool fresh = past.fresh.contains(sibling.info.id) || past.copies.contains(sibling.info.id);
  return !past.orphans.empty() && !fresh && sibling.info.size > 0 &&
         base_of(sibling.path) == past.spot.real && !past.was_listed(sibling);
}

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

// The candidate is a beginning of a file that is followed, of another than the orphan.
bool is_other(const Candidate& candidate, const Orphan& orphan, const Past& past) {
  return std::any_of(past.present.begin(), past.present.end(), [&](const TailedFile* file) {
    return file->id() != orphan.state.id && copied_of(*file, candidate);
  });
}

std::vector<Candidate*> holders_of(const Orphan& orphan, std::vector<Candidate>& candidates) {
  std::vector<Candidate*> out;  // the oldest first
  for (auto at = candidates.rbegin(); at != candidates.rend(); ++at)
    if (holds_orphan(orphan, *at)) out.push_back(&*at);
  return out;
}

// Several may hold what was read, where that is no more than generations have in common: the oldest is it. A
// beginning of another one is a copy.
Candidate* choose(const Orphan& orphan, const Past& past, const std::vector<Candidate*>& holders) {
  for (auto* holder : holders) {
    const bool part = std::any_of(holders.begin(), holders.end(), [&](const Candidate* other) {
      return other != holder && copied_of(*other->file, *holder) &&
             other->sibling.info.size >= holder->sibling.info.size;
    });
    if (!part && !is_other(*holder, orphan, past)) return holder;
  }
  return nullptr;
}

// What a file was compressed to has the time of its last write: for one that was rewritten unseen since, or
// of which nothing was seen at all.
bool has_age(const Orphan& orphan, const Candidate& candidate) {
  const auto& state = orphan.state;
  const auto modified = candidate.sibling.info.modified;
  if (!candidate.file->compressed() || candidate.twin || state.age == 0) return false;
  if (orphan.fate == Fate::kRewritten || state.life == Life::kCopy) return false;
  const bool unseen = state.head.size == 0 && orphan.fate == Fate::kGoneWhileDown;
  return modified == state.age || (unseen && modified > state.age);
}

Candidate* find_age(const Orphan& orphan, const Past& past, std::vector<Candidate>& candidates) {
  for (auto at = candidates.rbegin(); at != candidates.rend(); ++at)
    if (has_age(orphan, *at) && !is_other(*at, orphan, past)) return &*at;
  return nullptr;
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
bool is_unsure(const Orphan& orphan, const Past& past, const std::vector<Candidate*>& holders) {
  const auto& state = orphan.state;
  const auto present = std::count_if(past.present.begin(), past.present.end(), [&](const TailedFile* file) {
    return file->id() != state.id && state.head.size > 0 && holds_content(state, *file);
  });
  const bool plain = std::any_of(holders.begin(), holders.end(),
                                 [](const Candidate* holder) { return !holder->file->compressed(); });
  return plain || static_cast<std::size_t>(present) + holders.size() > 1;
}

void take(Candidate* found, std::vector<Candidate>& candidates, Generations& out) {
  auto& file = *found->file;
  file.see(found->sibling.info.size);
  if (file.life != Life::kCopy) file.life = Life::kRotated;
  file.age = found->sibling.info.modified;
  out.files.push_back(std::move(found->file));
  candidates.erase(candidates.begin() + (found - candidates.data()));
}

void go_on(const Orphan& orphan, Candidate* found, std::vector<Candidate>& candidates, Generations& out) {
  const auto& state = orphan.state;
  found->file->resume(state);
  if (state.life == Life::kCopy && has_grown(state, *found)) found->file->life = Life::kRotated;
  out.continued.emplace(state.id, found->sibling.info.id);
  take(found, candidates, out);
}

// Those that are there themselves: the listing that did not find them was made while they were renamed. Where
// identities come again, content must tell.
std::vector<Orphan> find_themselves(const Past& past, std::vector<Candidate>& candidates, Generations& out) {
  std::vector<Orphan> others;
  for (const auto& orphan : past.orphans) {
    const auto& id = orphan.state.id;
    const auto found =
        std::ranges::find_if(candidates, [&](const Candidate& each) { return each.sibling.info.id == id; });
    if (id.birth != 0 && found != candidates.end())
      go_on(orphan, &*found, candidates, out);
    else
      others.push_back(orphan);
  }
  return others;
}

void find_orphans(const Past& past, std::vector<Candidate>& candidates, Generations& out) {
  std::vector<Orphan> others;
  auto orphans = by_knowledge(find_themselves(past, candidates, out));
  for (auto& orphan : orphans) {
    const auto& state = orphan.state;
    const auto holders = holders_of(orphan, candidates);
    const bool unsure = state.head.size == 0 ? !candidates.empty() : is_unsure(orphan, past, holders);
    if (unsure) out.unsure.insert(state.id);
    if (auto* found = choose(orphan, past, holders)) {
      go_on(orphan, found, candidates, out);
    } else {
      others.push_back(std::move(orphan));
    }
  }
  for (const auto& orphan : others) {
    if (auto* found = find_age(orphan, past, candidates)) {
      out.any_whole = true;
      take(found, candidates, out);
    } else {
      out.lost.insert(orphan.state.id);
    }
  }
}

// Whether the candidate is a copy of what is known, and then it is followed as such.
bool add_copy(Candidate& candidate, const Past& past, Generations& out) {
  auto known = past.present;
  for (const auto& file : out.files)
    if (file->life != Life::kCopy) known.push_back(file.get());
  for (const auto* twin : known) {
    const auto copied = copied_of(*twin, candidate);
    if (!copied) continue;
    candidate.file->be_copy(*twin, *copied);
    candidate.file->age = candidate.sibling.info.modified;
    out.files.push_back(std::move(candidate.file));
    return true;
  }
  return false;
}

void add_whole(Candidate& candidate, const Past& past, Generations& out) {
  auto& file = *candidate.file;
  const auto& info = candidate.sibling.info;
  if (const auto copy = past.copies.find(info.id); copy != past.copies.end())
    file.resume(copy->second);
  else
    out.any_whole = true;
  file.see(info.size);
  file.life = Life::kRotated;
  file.age = info.modified;
  out.files.push_back(std::move(candidate.file));
}

// Whether a fresh one may be the copy of a file that can't be read now. Then those behind it wait too.
bool is_undecided(const Past& past, const Candidate& candidate) {
  return std::any_of(past.unreadable.begin(), past.unreadable.end(), [&](const FileState& file) {
    return file.life == Life::kLive && file.head.size > 0 && holds_content(file, *candidate.file);
  });
}

void add_fresh(std::vector<Candidate>& candidates, const Past& past, Generations& out) {
  std::vector<Candidate> fresh;
  for (auto& candidate : candidates)
    if (past.fresh.contains(candidate.sibling.info.id) && !add_copy(candidate, past, out))
      fresh.push_back(std::move(candidate));
  const bool undecided = std::any_of(
      fresh.begin(), fresh.end(), [&](const Candidate& candidate) { return is_undecided(past, candidate); });
  for (auto& candidate : fresh) {
    if (undecided)
      out.undecided.insert(candidate.sibling.info.id);
    else if (!add_copy(candidate, past, out))  // of one of them
      add_whole(candidate, past, out);
  }
}

// False: a file was truncated during the search, and so was no longer what its copy was compared with.
bool is_still(const Past& past) {
  return std::all_of(past.present.begin(), past.present.end(), [&](const TailedFile* file) {
    const bool known = std::any_of(past.orphans.begin(), past.orphans.end(),
                                   [&](const Orphan& orphan) { return orphan.state.id == file->id(); });
    return known || file->intact();
  });
}

}  // namespace

base::Result<Generations> find_generations(const Past& past) {
  Generations out;
  auto candidates = candidates_of(past, out.undecided);
  if (!candidates) return tl::unexpected(std::move(candidates).error());
  find_orphans(past, *candidates, out);
  add_fresh(*candidates, past, out);
  if (!is_still(past)) return base::fail(base::Code::kNotFound, "truncated during the search");
  std::sort(out.files.begin(), out.files.end(), [](const File& a, const File& b) { return a->age < b->age; });
  return out;
}

}  // namespace dingtail::tail
