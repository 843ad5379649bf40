// What `dingtail status` shows of a running agent: a value, as a table for people and as JSON for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "deliver/courier.h"
#include "tail/loss.h"
#include "tail/tailer.h"

namespace dingtail::observe {

struct RuleStatus {
  std::string name;
  std::string source;  // the file or pack it stands in
  std::uint64_t hits = 0;
  std::uint64_t alerts = 0;
};

struct Status {
  std::string version;
  std::int64_t pid = 0;
  std::string rules_hash;
  std::string reload_error;  // why the last reload was refused; empty: it was not
  std::vector<tail::FileStatus> files;
  std::vector<RuleStatus> rules;
  std::vector<deliver::TargetStatus> targets;
  std::vector<tail::Loss> losses;  // newest first
  std::uint64_t bytes_lost = 0;    // by all losses, also those no longer listed
};

// The object that product.md, section 2, promises; one line without newline.
std::string to_json(const Status& status);
// Tables, in which no text steers the terminal; rules that never hit are counted, not listed.
std::string to_text(const Status& status);

}  // namespace dingtail::observe
