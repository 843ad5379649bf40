#include "app/secrecy.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace dingtail::app {

void guard_secrets() {
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    char* shown = *entry;
    char* copy = ::strdup(shown);
    if (copy == nullptr) return;
    *entry = copy;
    ::explicit_bzero(shown, ::strlen(shown));
  }
}

void hide_values(const std::vector<std::string_view>& options, int argc, char** argv) {
  const auto blank = [](char* text) { ::explicit_bzero(text, ::strlen(text)); };
  for (int i = 1; i < argc; ++i) {
    for (const auto option : options) {
      const std::string_view argument = argv[i];
      if (argument == option && i + 1 < argc) blank(argv[i + 1]);
      if (argument.starts_with(option) && argument.substr(option.size()).starts_with('='))
        blank(argv[i] + option.size() + 1);
    }
  }
}

}  // namespace dingtail::app
