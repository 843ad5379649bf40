#include "state/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/file.h"
#include "state/database.h"
#include "tail/identity.h"

namespace dingtail::state {
namespace {

constexpr off_t kBallastBytes = 1 << 20;
constexpr std::uint64_t kRoomToSpare = 4 * kBallastBytes;
constexpr std::string_view kName = "state.db";
constexpr std::array<std::string_view, 4> kParts = {"", "-wal", "-shm", "-journal"};

std::optional<struct stat> stat_in(int directory, const std::string& name) {
  struct stat info {};
  if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return info;
}

// Whether others could have put something there.
base::Status check_owner(const std::string& path, const struct stat& info) {
  const auto refuse = [&](const std::string& why) {
    return base::Status(base::fail(base::Code::kDenied, path + " " + why));
  };
  if (info.st_uid != ::geteuid())
    return refuse("belongs to user " + std::to_string(info.st_uid) + ": chown it to the agent's user, " +
                  std::to_string(::geteuid()) + ", or run as that one");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return refuse("may be written by others: chmod go-w it");
  return {};
}

base::Status sync(const base::Fd& fd, const std::string& path) {
  if (::fsync(fd.get()) == 0) return {};
  return base::fail(base::Code::kNotDurable, base::fail_errno("fsync " + path, errno).value().what);
}

base::Status make(const std::filesystem::path& path) {
  const auto parent = path.parent_path();
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) return base::fail_errno("mkdir " + parent.string(), error.value());
  if (::mkdir(path.c_str(), 0750) != 0) {
    if (errno == EEXIST) return {};
    return base::fail_errno("mkdir " + path.string(), errno);
  }
  const base::Fd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd ? sync(fd, parent) : base::Status();  // not everyone may read it
}

base::Result<base::Fd> open_itself(const std::string& path) {
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd) return fd;
  const int error = errno;
  if (std::filesystem::is_symlink(path))
    return base::fail(base::Code::kDenied, path + " is a symbolic link: name what it points to");
  return base::fail_errno("open " + path, error);
}

base::Status lock(const base::Fd& fd, const std::string& path) {
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return base::fail_errno("lock " + path, errno);
  return base::fail(base::Code::kBusy,
                    "another agent runs on " + path + ": stop it, or give this one a state_dir of its own");
}

}  // namespace

bool is_network_file_system(std::uint64_t type) {
  constexpr std::array kTypes = {
      0x6969UL,      // nfs
      0xFF534D42UL,  // cifs
      0xFE534D42UL,  // smb2, smb3
      0x517BUL,      // smbfs
      0x564CUL,      // ncpfs
      0x5346414FUL,  // afs
      0x6B414653UL,  // kafs
      0x73757245UL,  // coda
      0x00C36400UL,  // ceph
      0x01161970UL,  // gfs2
      0x7461636FUL,  // ocfs2
      0x20030528UL,  // orangefs
  };
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

std::string this_machine() {
  const auto id = base::read_file("/etc/machine-id", 4096);
  if (!id || id->empty() || id->starts_with("uninitialized")) return {};
  return std::to_string(tail::mark_of("dingtail " + *id).hash);  // the id itself is the host's secret
}

base::Result<Directory> Directory::open(const std::string& name) {
  std::error_code error;
  auto path = std::filesystem::absolute(name, error).lexically_normal();
  if (error) return base::fail_errno(name, error.value());
  if (!path.has_filename()) path = path.parent_path();  // a slash at the end would follow a link
  TRY(make(path));
  auto fd = open_itself(path);
  if (!fd) return tl::unexpected(std::move(fd).error());
  struct stat info {};
  struct statfs system {};
  if (::fstat(fd->get(), &info) != 0 || ::fstatfs(fd->get(), &system) != 0)
    return base::fail_errno("stat " + path.string(), errno);
  TRY(check_owner(path, info));
  if (is_network_file_system(static_cast<std::uint32_t>(system.f_type)))
    return base::fail(base::Code::kDenied, path.string() + " is on a network: it must be on a local disk");
  TRY(lock(*fd, path));
  auto real = std::filesystem::canonical(path, error);
  Directory directory(*std::move(fd), error ? path : real);
  TRY(directory.check_files());
  return directory;
}

bool is_held(const std::string& path) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

base::Status Directory::check_files() const {
  for (const auto part : kParts) {
    const auto name = std::string(kName).append(part);
    const auto info = stat_in(fd_.get(), name);
    if (!info) continue;
    const auto path = path_ + "/" + name;
    if (!S_ISREG(info->st_mode))
      return base::fail(base::Code::kDenied,
                        path + " is no regular file: an agent did not make it, remove it");
    TRY(check_owner(path, *info));
  }
  return {};
}

bool Directory::has_state() const {
  return std::any_of(kParts.begin(), kParts.end(), [this](std::string_view part) {
    const auto info = stat_in(fd_.get(), std::string(kName).append(part));
    return info && (part.empty() || info->st_size > 0);
  });
}

DatabaseFiles Directory::database_files() const {
  const auto file = [](const std::string& path) -> DatabaseFiles::File {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return std::nullopt;
    return std::pair(info.st_dev, info.st_ino);
  };
  return {file(database()), file(database() + "-wal")};
}

base::Status Directory::put_database(const std::function<base::Status(const std::string& file)>& make) const {
  const auto file = database() + ".new";
  for (const auto part : kParts) ::unlink(std::string(file).append(part).c_str());
  TRY(make(file));
  const base::Fd made(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!made) return base::fail_errno("open " + file, errno);
  TRY(state::sync(made, file));
  for (const auto part : kParts)
    if (!part.empty()) ::unlink(database().append(part).c_str());  // empty, or of no use any more
  if (::rename(file.c_str(), database().c_str()) != 0) return base::fail_errno("rename " + file, errno);
  return sync();
}

base::Status Directory::sync() const {
  return state::sync(fd_, path_);
}

base::Result<std::string> Directory::set_aside(std::string_view why, base::Wall at) const {
  auto time = base::print_date_time(at);
  std::replace(time.begin(), time.end(), ' ', 'T');
  time.erase(std::remove(time.begin(), time.end(), ':'), time.end());
  const std::string base = std::string(kName) + "." + std::string(why) + "-" + time;
  std::string name = base;
  for (int more = 2; stat_in(fd_.get(), name); ++more) name = base + "." + std::to_string(more);
  for (const auto part : kParts) {
    const auto from = std::string(kName).append(part);
    const auto to = std::string(name).append(part);
    if (::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()) != 0 && errno != ENOENT)
      return base::fail_errno("rename " + path_ + "/" + from, errno);
  }
  TRY(sync());
  return name;
}

bool Directory::release_ballast() const {
  return ::unlinkat(fd_.get(), "ballast", 0) == 0;
}

void Directory::keep_ballast() const {
  if (stat_in(fd_.get(), "ballast")) return;
  struct statvfs room {};
  if (::fstatvfs(fd_.get(), &room) != 0 || room.f_bavail * room.f_frsize < kRoomToSpare) return;
  const base::Fd fd(
      ::openat(fd_.get(), "ballast", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (fd && ::posix_fallocate(fd.get(), 0, kBallastBytes) != 0) static_cast<void>(release_ballast());
}

}  // namespace dingtail::state
