#include "tail/rotation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tail/candidate.h"

namespace dingtail::tail {
namespace {

using File = std::unique_ptr<TailedFile>;

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
