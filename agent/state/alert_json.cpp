#include "state/alert_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dingtail::state {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json hit_json(const match::Hit& hit) {
  return {{"source", hit.source},
          {"path", hit.path},
          {"record", hit.record},
          {"fields", hit.fields},
          {"labels", hit.labels}};
}

match::Hit parse_hit(const json& from) {
  match::Hit hit;
  hit.source = from.at("source").get<std::string>();
  hit.path = from.at("path").get<std::string>();
  hit.record = from.at("record").get<std::string>();
  for (const auto& [name, value] : from.at("fields").items()) hit.fields[name] = value.get<std::string>();
  if (const auto labels = from.find("labels"); labels != from.end())  // older states have none
    hit.labels = labels->get<match::Fields>();
  return hit;
}

// Older states have none.
config::Severity severity(const json& from) {
  const auto name = from.value("severity", "");
  const auto* found =
      std::ranges::find(config::kSeverities, name, [](auto each) { return config::name_of(each); });
  return found == config::kSeverities.end() ? config::Severity::kWarning : *found;
}

base::Wall wall(const json& from, const char* key) {
  return base::from_unix_ms(from.at(key).get<std::int64_t>());
}

}  // namespace

std::string group_json(const std::vector<std::string>& group) {
  return dump(json(group));
}

std::string alert_json(const alert::AlertState& state) {
  json pending = json::array();
  for (const auto& [at, record] : state.pending) pending.push_back({base::unix_ms(at), record});
  json samples = json::array();
  for (const auto& sample : state.samples) samples.push_back({sample.record, sample.count});
  return dump({{"matching_hash", state.matching_hash},
               {"pending", std::move(pending)},
               {"id", state.id},
               {"count", state.count},
               {"total", state.total},
               {"first", base::unix_ms(state.first)},
               {"last", base::unix_ms(state.last)},
               {"since", base::unix_ms(state.since)},
               {"samples", std::move(samples)},
               {"last_hit", hit_json(state.last_hit)},
               {"messages", state.messages},
               {"interval", state.interval.count()},
               {"message_due", base::unix_ms(state.message_due)},
               {"quiet_until", base::unix_ms(state.quiet_until)},
               {"severity", config::name_of(state.severity)},
               {"targets", state.targets ? json(*state.targets) : json()}});
}

base::Result<alert::AlertState> parse_alert(const std::string& rule, const std::string& group,
                                            const std::string& data) {
  try {
    const json from = json::parse(data);
    alert::AlertState state;
    state.rule = rule;
    state.group = json::parse(group).get<std::vector<std::string>>();
    state.matching_hash = from.at("matching_hash").get<std::string>();
    for (const auto& hit : from.at("pending"))
      state.pending.emplace_back(base::from_unix_ms(hit.at(0).get<std::int64_t>()),
                                 hit.at(1).get<std::string>());
    state.id = from.at("id").get<std::string>();
    state.count = from.at("count").get<std::uint64_t>();
    state.total = from.at("total").get<std::uint64_t>();
    state.first = wall(from, "first");
    state.last = wall(from, "last");
    state.since = wall(from, "since");
    for (const auto& sample : from.at("samples"))
      state.samples.push_back({sample.at(0).get<std::string>(), sample.at(1).get<std::uint64_t>()});
    state.last_hit = parse_hit(from.at("last_hit"));
    state.messages = from.at("messages").get<std::uint32_t>();
    state.interval = base::Millis{from.at("interval").get<std::int64_t>()};
    state.message_due = wall(from, "message_due");
    state.quiet_until = wall(from, "quiet_until");
    state.severity = severity(from);
    if (const auto targets = from.find("targets"); targets != from.end() && !targets->is_null())
      state.targets = targets->get<std::vector<std::string>>();
    return state;
  } catch (const json::exception& error) {
    return base::fail(base::Code::kInvalid, "alert of rule " + rule + ": " + error.what());
  }
}

}  // namespace dingtail::state
