#include "tail/file_system.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

namespace dingtail::tail {
namespace {

// statfs(2) has those that <linux/magic.h> lacks.
constexpr std::array<std::uint64_t, 17> kSilent = {
    NFS_SUPER_MAGIC,
    SMB_SUPER_MAGIC,
    CIFS_SUPER_MAGIC,
    SMB2_SUPER_MAGIC,
    FUSE_SUPER_MAGIC,  // virtiofs too
    OVERLAYFS_SUPER_MAGIC,
    V9FS_MAGIC,
    CEPH_SUPER_MAGIC,
    AFS_SUPER_MAGIC,
    AFS_FS_MAGIC,
    CODA_SUPER_MAGIC,
    NCP_SUPER_MAGIC,
    OCFS2_SUPER_MAGIC,
    0x01161970,  // GFS2
    0x0BD00BD0,  // Lustre
    0x786F4256,  // vboxsf
    0xBACBACBC,  // vmhgfs
};

}  // namespace

bool tells_of_changes(std::uint64_t type) {
  return std::find(kSilent.begin(), kSilent.end(), type) == kSilent.end();
}

bool tells_of_changes(const std::string& directory) {
  struct statfs info {};
  return ::statfs(directory.c_str(), &info) != 0 ||
         tells_of_changes(static_cast<std::uint64_t>(static_cast<std::uint32_t>(info.f_type)));
}

}  // namespace dingtail::tail
