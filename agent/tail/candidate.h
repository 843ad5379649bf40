// A file beside a path that may be what was made of one of its generations: by what is in it, compressed or
// not. Compares contents; which candidate is which generation, rotation.h says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/result.h"
#include "tail/rotation.h"
#include "tail/siblings.h"
#include "tail/tailed_file.h"

namespace dingtail::tail {

struct Candidate {
  Sibling sibling;
  std::unique_ptr<TailedFile> file;  // open
  std::optional<FileId> twin;        // of a Life::kCopy
};

// The youngest first. What cannot be opened now is added to `undecided`. An error: descriptors are exhausted,
// or the directory changed meanwhile; nothing can be said now.
base::Result<std::vector<Candidate>> candidates_of(const Past& past, std::set<FileId>& undecided);

// Whether that open file begins as the other did, and holds what was read last of it in the same place.
bool holds_content(const FileState& state, const TailedFile& file);
bool holds_orphan(const Orphan& orphan, const Candidate& candidate);

// What began as another file does was taken for its copy; it was written to since, and then compressed.
bool has_grown(const FileState& state, const Candidate& candidate);

// How much of that file the candidate is a copy of, or what a compressor made of it. Nothing: it is none.
std::optional<std::uint64_t> copied_of(const TailedFile& file, const Candidate& candidate);

}  // namespace dingtail::tail
