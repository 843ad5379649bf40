#include "app/options.h"

#include <cstdlib>
#include <ctime>
#include <iostream>

namespace dingtail::app {

std::filesystem::path main_file(const ConfigOption& option) {
  std::error_code error;
  if (option.given || std::filesystem::exists(option.path, error)) return option.path;
  return {};
}

std::string personal_state_dir() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && state[0] == '/')
    return std::string(state) + "/dingtail";
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/')
    return std::string(home) + "/.local/state/dingtail";
  return "/var/lib/dingtail";
}

config::Loaded load_any(const ConfigOption& option, config::UnsetSecret unset) {
  const auto main = main_file(option);
  if (main.empty()) return config::load_without_file(personal_state_dir());
  return config::load({main, {}, unset});
}

void complain(const std::vector<config::Problem>& problems) {
  for (const auto& problem : problems) std::cerr << config::print(problem) << '\n';
}

int refuse(const std::string& message, int code) {
  std::cerr << "dingtail: " << message << '\n';
  return code;
}

std::string own_time_zone() {
  const char* zone = std::getenv("TZ");
  return zone == nullptr ? ":/etc/localtime" : zone;
}

void set_time_zone(const std::string& zone) {
  if (zone.empty()) return;
  ::setenv("TZ", zone.c_str(), 1);
  ::tzset();
}

}  // namespace dingtail::app
