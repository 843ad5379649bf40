// How commands come to their configuration, and what they say about its mistakes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/commands.h"
#include "config/load.h"

namespace dingtail::app {

// The main file where -c names one or the default one exists; else empty.
std::filesystem::path main_file(const ConfigOption& option);

// Where state goes without a configuration: $XDG_STATE_HOME/dingtail.
std::string personal_state_dir();

// The configuration of -c or of the default file; without either, the built-in one (load_without_file).
config::Loaded load_any(const ConfigOption& option, config::UnsetSecret unset);

// Each problem on a line of its own, to stderr.
void complain(const std::vector<config::Problem>& problems);
// "dingtail: MESSAGE" to stderr; returns `code`.
int refuse(const std::string& message, int code = 1);

// The zone that this process was started in, as set_time_zone() takes it.
std::string own_time_zone();
// The time zone of the whole process; empty: as it is.
void set_time_zone(const std::string& zone);

}  // namespace dingtail::app
