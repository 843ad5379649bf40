// What one message is to say of one alert: a value, made by the aggregator, turned into text by format/.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/config.h"
#include "match/hit.h"

namespace dingtail::alert {

// Equal or similar records among the hits of one message, with how many there were.
struct Sample {
  std::string record;  // of similar ones their template (fold.h)
  std::uint64_t count = 0;

  bool operator==(const Sample&) const = default;
};

// What is counted of an alert while it fires.
struct Tally {
  std::string id;           // the same in all messages of the alert
  std::uint64_t count = 0;  // hits not reported yet; in a report: those it reports
  std::uint64_t total = 0;  // hits of the alert so far
  base::Wall first{};       // of the hits counted in `count` (a resolved report: of the alert)
  base::Wall last{};
  base::Wall since{};           // the alert's first hit
  std::vector<Sample> samples;  // of those hits: Rule::samples.max at the most, in order of appearance
  match::Hit last_hit;
};

struct Report : Tally {
  config::EventKind event = config::EventKind::kFiring;
  std::size_t rule = 0;  // index in Config::rules
  // Host and the configuration's, the path's of the last hit (as its path stands for all), the rule's, then
  // group_by's values: of one name the later counts.
  std::map<std::string, std::string> labels;
  std::vector<std::string> group;  // values of the rule's group_by, in its order
};

// Adds a record to the samples, seen `count` times: counts it where it or one like it is there already, else
// appends it while there is room.
void add_sample(std::vector<Sample>& samples, const std::string& record, std::size_t most,
                std::uint64_t count = 1);

// What one message says instead of two: the hits of both. `earlier` is the report before `later` of the same
// alert, in a message that nobody has seen: the event is still its own.
Report joined(const Report& earlier, Report later, std::size_t most_samples);

}  // namespace dingtail::alert
