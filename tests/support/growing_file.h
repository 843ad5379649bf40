// A file in memory of which only the first `visible` bytes are written yet.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <string>

#include "tail/identity.h"

namespace dingtail::test {

class GrowingFile {
 public:
  explicit GrowingFile(std::string text) : text_(std::move(text)) {}

  void show(std::size_t bytes) { visible_ = bytes; }
  void show_all() { visible_ = text_.size(); }

  tail::ReadAt reader() const {
    return [this](std::span<char> into, std::uint64_t offset) -> base::Result<std::size_t> {
      if (offset >= visible_) return std::size_t{0};
      const auto size = std::min(into.size(), visible_ - static_cast<std::size_t>(offset));
      std::memcpy(into.data(), text_.data() + offset, size);
      return size;
    };
  }

 private:
  std::string text_;
  std::size_t visible_ = 0;
};

}  // namespace dingtail::test
