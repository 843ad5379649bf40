// The files that are followed, by identity and by path.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tail/tailed_file.h"

namespace dingtail::tail {

class Followed {
 public:
  using File = std::unique_ptr<TailedFile>;
  using ById = std::map<FileId, File>;

  // In the place of one with the same identity.
  TailedFile& add(File file);
  void erase(FileId id);
  // The file is found live, under this name.
  void found_at(TailedFile& file, Spot spot);

  [[nodiscard]] bool contains(FileId id) const { return by_id_.contains(id); }
  [[nodiscard]] TailedFile* find(FileId id) const;  // null: it is not followed
  [[nodiscard]] TailedFile& at(FileId id) const { return *by_id_.at(id); }
  [[nodiscard]] const ById& all() const { return by_id_; }
  [[nodiscard]] std::size_t size() const { return by_id_.size(); }
  // Those of a path: the live file, and what was rotated from there.
  [[nodiscard]] std::vector<TailedFile*> of_path(const std::string& path) const;

 private:
  struct ByPath {
    using is_transparent = void;
    bool operator()(const TailedFile* a, const TailedFile* b) const { return a->path() < b->path(); }
    bool operator()(const TailedFile* a, const std::string& b) const { return a->path() < b; }
    bool operator()(const std::string& a, const TailedFile* b) const { return a < b->path(); }
  };

  void forget_path(TailedFile& file);

  ById by_id_;
  std::multiset<TailedFile*, ByPath> by_path_;
};

}  // namespace dingtail::tail
