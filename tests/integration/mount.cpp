#include "integration/mount.h"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "support/process.h"
#include "support/temp_dir.h"

namespace dingtail::integration {
namespace {

// Why it fails; empty: it does not.
std::string run(const test::Command& command) {
  if (test::find_program(command.program).empty()) return command.program + " is not installed";
  const test::TempDir dir;
  const auto finished = test::run(command, dir / "command");
  return finished.code == 0 ? "" : command.program + ": " + finished.err;
}

// Where mounts are this thread's and its children's own. Once: an agent that runs already is to see further
// ones.
const std::string& enter_own_namespace() {
  static thread_local const std::string refused = [] {
    if (::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0)
      return std::string();
    return std::string("mounting needs root: ") + std::strerror(errno);
  }();
  return refused;
}

}  // namespace

Mount::Mount(std::vector<std::string> arguments, const std::string& at)
    : at_(at), refused_(enter_own_namespace()) {
  if (!refused_.empty()) return;
  if (!std::filesystem::exists(at_)) std::filesystem::create_directories(at_);
  arguments.push_back(at_);
  refused_ = run({"mount", std::move(arguments)});
}

Mount::~Mount() {
  if (refused_.empty()) ::umount2(at_.c_str(), MNT_DETACH);
}

bool Mount::remount(const std::string& options) const {
  return run({"mount", {"-o", "remount," + options, at_}}).empty();
}

std::string make_ext4(const std::string& image, std::uintmax_t bytes,
                      const std::vector<std::string>& options) {
  std::ofstream(image).close();
  std::filesystem::resize_file(image, bytes);
  std::vector<std::string> arguments = {"-q", "-F"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.push_back(image);
  return run({"mkfs.ext4", arguments});
}

}  // namespace dingtail::integration
