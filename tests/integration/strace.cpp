#include "integration/strace.h"

#include <filesystem>

#include "support/process.h"
#include "support/temp_dir.h"

namespace dingtail::integration {

std::string strace_refused() {
  if (test::find_program("strace").empty()) return "strace is not installed";
  const test::TempDir dir;
  const auto finished = test::run({"strace", {"-o", dir / "trace", "true"}}, dir / "strace");
  return finished.code == 0 ? "" : "strace may not trace here: " + finished.err;
}

std::vector<std::string> strace(const Injection& injection, const std::string& trace) {
  std::filesystem::remove(trace);  // an earlier agent's
  return {"strace", "-D",
          "-f",     "-qq",
          "-o",     trace,
          "-e",     "trace=" + injection.calls,
          "-e",     "inject=" + injection.calls + ":" + injection.fault + ":when=" + injection.when};
}

}  // namespace dingtail::integration
