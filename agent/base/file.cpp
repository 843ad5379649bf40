#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/fd.h"

namespace dingtail::base {

Result<std::string> read_file(const std::filesystem::path& path, std::size_t most) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return fail_errno("open", errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("stat", errno);
  if (!S_ISREG(info.st_mode)) return fail(Code::kInvalid, "not a regular file");
  std::string out;
  std::string part(64UL * 1024, '\0');
  while (true) {
    const ssize_t got = ::read(fd.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read", errno);
    if (got == 0) return out;
    out.append(part, 0, static_cast<std::size_t>(got));
    if (out.size() > most) return fail(Code::kInvalid, "larger than " + std::to_string(most) + " bytes");
  }
}

}  // namespace dingtail::base
