#include "tail/file_system.h"

#include <gtest/gtest.h>

namespace dingtail::tail {
namespace {

// The numbers are those of statfs(2).
TEST(Fault, F15_F16_F17_WhichFileSystemsAreLookedAtIsDecidedByTheirType) {
  for (const std::uint64_t silent :
       {0x6969UL /* NFS */, 0xff534d42UL /* CIFS */, 0xfe534d42UL /* SMB2 */, 0x65735546UL /* FUSE */,
        0x794c7630UL /* overlay */, 0x01021997UL /* 9p */, 0x00c36400UL /* Ceph */})
    EXPECT_FALSE(tells_of_changes(silent)) << std::hex << silent;
  for (const std::uint64_t telling :
       {0xef53UL /* ext4 */, 0x58465342UL /* XFS */, 0x9123683eUL /* btrfs */, 0x01021994UL /* tmpfs */})
    EXPECT_TRUE(tells_of_changes(telling)) << std::hex << telling;
}

TEST(FileSystem, ADirectoryThatCannotBeAskedIsTakenToTell) {
  EXPECT_TRUE(tells_of_changes(std::string("/no/such/directory")));
}

}  // namespace
}  // namespace dingtail::tail
