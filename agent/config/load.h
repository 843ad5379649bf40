// Reads the configuration with all that it includes into one Config, and every mistake in it into Problems.
// Touches the disk and the environment (secrets); decides nothing about logs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace dingtail::config {

struct Loaded {
  Config config;
  Problems problems;
};

struct LoadOptions {
  std::filesystem::path main;  // empty: no main file, the candidates alone
  // Each is read in the place of the file of the same name, or is added.
  std::vector<std::filesystem::path> candidates;
  UnsetSecret unset_secret = UnsetSecret::kError;
};

Loaded load(const LoadOptions& options);

// The configuration of `run LOG…` where there is none: the shipped packs, all of them, on those files;
// messages go to stdout, or to the robot of DINGTALK_WEBHOOK and DINGTALK_SECRET where the environment has
// one.
Loaded load_without_file(const std::string& state_dir);

// The named logs as a source of their own, beside the configured ones.
Source command_line_source(const std::vector<std::string>& logs, Problems& problems);

}  // namespace dingtail::config
