// What keeps the secrets of this process in it. For the very start, before there are threads.
#pragma once

#include <string_view>
#include <vector>

namespace dingtail::app {

// No core dump and no debugger, and nothing in /proc for other processes of the same user. The environment
// moves to where /proc/PID/environ does not show it: getenv() finds it as before.
void guard_secrets();

// Blanks the values of these options where the process list shows them.
void hide_values(const std::vector<std::string_view>& options, int argc, char** argv);

}  // namespace dingtail::app
