// What the outbox, the console's queue and the robots' quotas are made of, as the state stores it. Values
// only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "format/digest.h"

namespace dingtail::deliver {

enum class RowState {
  kPending,  // it was never attempted, or definitely refused: it may still say other words
  kSending,  // may be on its way: its words are frozen until a definite answer
  kHeld,     // refused for what it says; tried again once an hour, and others pass it
};

struct Row {
  std::uint64_t id = 0;
  std::string uuid;
  std::string target;
  std::string body;    // JSON, with the uuid inside as msgUuid; empty: it has words only as part of a digest
  std::string alert;   // whose message it is, while it may take that alert's further hits; else empty
  std::string report;  // as JSON: what a message that takes its place must say too
  std::vector<format::DigestLine> lines;  // what a digest tells of it; none: it is part of none
  RowState state = RowState::kPending;
  bool small = false;  // it was refused for its size
  std::uint32_t attempts = 0;
  base::Wall created{};
  base::Wall not_before{};  // of a held row
  std::string robot;        // kSending: the one that it was given to
  bool unsure = false;      // kSending: that robot may have it already

  bool operator==(const Row&) const = default;
};

// What has to be known of a robot over a restart.
struct RobotRecord {
  std::string key;           // key_of(); empty: of all robots
  base::Wall rests_until{};  // after it said that it gets too much
  // How many messages it answered in the last 60 s, by second: slots of its quota that are taken.
  std::map<base::Wall, std::uint32_t> answered;

  bool operator==(const RobotRecord&) const = default;
};

// A message for stdout that waits to be written.
struct ConsoleRow {
  std::uint64_t id = 0;
  std::string text;

  bool operator==(const ConsoleRow&) const = default;
};

struct ConsoleChanges {
  std::vector<ConsoleRow> changed;  // new ones too
  std::vector<std::uint64_t> erased;
};

struct Changes {
  std::vector<Row> changed;  // new ones too
  std::vector<std::uint64_t> erased;
  std::vector<RobotRecord> robots;
};

}  // namespace dingtail::deliver
