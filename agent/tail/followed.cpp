#include "tail/followed.h"

#include <algorithm>
#include <utility>

namespace dingtail::tail {

TailedFile& Followed::add(File file) {
  erase(file->id());
  auto& kept = *(by_id_[file->id()] = std::move(file));
  by_path_.insert(&kept);
  return kept;
}

void Followed::erase(FileId id) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return;
  forget_path(*at->second);
  by_id_.erase(at);
}

void Followed::found_at(TailedFile& file, Spot spot) {
  forget_path(file);
  file.found_at(std::move(spot));
  by_path_.insert(&file);
}

TailedFile* Followed::find(FileId id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : at->second.get();
}

std::vector<TailedFile*> Followed::of_path(const std::string& path) const {
  const auto [first, last] = by_path_.equal_range(path);
  return {first, last};
}

void Followed::forget_path(TailedFile& file) {
  const auto [first, last] = by_path_.equal_range(&file);
  by_path_.erase(std::find(first, last, &file));
}

}  // namespace dingtail::tail
