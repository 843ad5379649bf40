#include "tail/newline.h"

#include <algorithm>
#include <cstring>

namespace dingtail::tail {

std::size_t Newline::find(std::string_view bytes, std::uint64_t offset) const {
  auto at = bytes.find(unit_);
  while (at != std::string_view::npos && (offset + at) % unit_.size() != 0) at = bytes.find(unit_, at + 1);
  return at;
}

std::size_t Newline::rfind(std::string_view bytes, std::uint64_t offset) const {
  if (bytes.empty()) return std::string_view::npos;  // its data() may be null, which memrchr(3) forbids
  if (unit_.size() == 1) {
    const void* found = ::memrchr(bytes.data(), unit_.front(), bytes.size());
    return found == nullptr ? std::string_view::npos
                            : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
  }
  auto at = bytes.rfind(unit_);
  while (at != std::string_view::npos && (offset + at) % unit_.size() != 0)
    at = at == 0 ? std::string_view::npos : bytes.rfind(unit_, at - 1);
  return at;
}

std::uint64_t bytes_beyond(std::string_view lines, std::uint64_t offset, const LineFormat& format) {
  std::uint64_t beyond = 0;
  while (lines.size() > format.max_record) {
    const auto size = std::min(format.newline.find(lines, offset), lines.size());
    if (size > format.max_record) beyond += size - format.max_record;
    const auto step = std::min(size + format.newline.size(), lines.size());
    lines.remove_prefix(step);
    offset += step;
  }
  return beyond;
}

}  // namespace dingtail::tail
