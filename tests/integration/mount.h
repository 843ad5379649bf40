// A mount of a test's own: seen by it and by the programs it starts alone, and gone with its owner. Root's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dingtail::integration {

class Mount {
 public:
  // mount(8) with these arguments at a path, which is made where it is not there:
  //   Mount disk({"-t", "tmpfs", "-o", "size=8m", "none"}, path);
  //   if (!disk.refused().empty()) GTEST_SKIP() << disk.refused();
  Mount(std::vector<std::string> arguments, const std::string& at);
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  ~Mount();

  // Why it is not there; empty: it is.
  [[nodiscard]] const std::string& refused() const { return refused_; }

  // With other options, as "ro". False if it is refused.
  [[nodiscard]] bool remount(const std::string& options) const;

 private:
  std::string at_;
  std::string refused_;
};

// An ext4 file system in the new file `image`, for `mount -o loop`. Why it could not be made; empty: it is
// there. `options`: further ones of mkfs.ext4.
std::string make_ext4(const std::string& image, std::uintmax_t bytes,
                      const std::vector<std::string>& options = {});

}  // namespace dingtail::integration
