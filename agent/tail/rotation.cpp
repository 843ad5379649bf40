#include "tail/rotation.h"

#include <algorithm>

#include "tail/finder.h"

namespace dingtail::tail {
namespace {

bool opens(TailedFile& file) {
  const auto opened = file.open();
  return opened && *opened;
}

// Whether what is in `other`, or its beginning, is what is in `file`: a copy made by hand or by a tool. In
// doubt it is.
bool is_copy(const TailedFile& file, const TailedFile& other, std::uint64_t other_size) {
  const auto own = file.stat();
  const auto copied = own ? agree(other.reader(), file.reader(), std::min(own->size, other_size))
                          : file.is_copied_in(other.reader());
  const bool nothing_known = own ? own->size == 0 || other_size == 0 : file.cursor.position == 0;
  return !nothing_known && (!copied || *copied);
}

}  // namespace

std::unique_ptr<TailedFile> find_copy(const TailedFile& file, const IsKnown& is_known) {
  if (file.cursor.position == 0) return nullptr;
  for (const auto& [path, info] : siblings(file.path())) {
    if (is_known(info.id) || info.size < file.cursor.position) continue;
    auto copy = std::make_unique<TailedFile>(info.id, path, file.source());
    if (!opens(*copy)) continue;
    const auto same = file.is_copied_in(copy->reader());
    if (!same || !*same) continue;
    copy->cursor = Cursor::at(file.cursor.position, file.cursor.tail);
    copy->head = file.head;
    return copy;
  }
  return nullptr;
}

Missed find_missed(const TailedFile& old, std::optional<FileId> successor, const IsKnown& is_known) {
  Missed missed;
  for (const auto& [path, info] : siblings(old.path())) {
    const bool later = old.id().birth != 0 && info.id.birth > old.id().birth;
    const bool earlier = !successor || info.id.birth <= successor->birth;
    if (!later || !earlier || is_known(info.id)) continue;
    auto file = std::make_unique<TailedFile>(info.id, path, old.source());
    if (!opens(*file))
      missed.complete = false;
    else if (!is_copy(old, *file, info.size))
      missed.files.push_back(std::move(file));
  }
  return missed;
}

}  // namespace dingtail::tail
