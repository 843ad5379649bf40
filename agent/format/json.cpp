#include "format/json.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace dingtail::format {
namespace {

constexpr std::array kEvents = {config::EventKind::kFiring, config::EventKind::kRepeat,
                                config::EventKind::kResolved};

// The value of that name; json's own exception where there is none.
template <class Values>
auto named(const Values& values, const nlohmann::json& name) {
  const auto* found =
      std::ranges::find(values, name.get<std::string>(), [](auto value) { return config::name_of(value); });
  if (found == values.end()) throw nlohmann::json::other_error::create(501, "no such name", &name);
  return *found;
}

base::Wall wall(const nlohmann::json& ms) {
  return base::from_unix_ms(ms.get<std::int64_t>());
}

DigestLine parse_line(const nlohmann::json& from) {
  DigestLine line;
  line.rule = from.at("rule").get<std::string>();
  line.text = from.at("text").get<std::string>();
  line.severity = named(config::kSeverities, from.at("severity"));
  line.event = named(kEvents, from.at("event"));
  line.alerts = from.at("alerts").get<std::uint64_t>();
  line.resolved = from.at("resolved").get<std::uint64_t>();
  line.hits = from.at("hits").get<std::uint64_t>();
  line.first = wall(from.at("first"));
  line.last = wall(from.at("last"));
  line.people = {from.at("mobiles").get<std::vector<std::string>>(),
                 from.at("user_ids").get<std::vector<std::string>>(), from.at("all").get<bool>()};
  line.of_rule = from.at("of_rule").get<bool>();
  return line;
}

}  // namespace

std::string body_json(const Message& message, std::string_view uuid) {
  using Json = nlohmann::ordered_json;
  Json body;
  body["msgtype"] = "markdown";
  body["markdown"]["title"] = message.title;
  body["markdown"]["text"] = message.text;
  body["at"]["atMobiles"] = message.at.mobiles;
  body["at"]["atUserIds"] = message.at.user_ids;
  body["at"]["isAtAll"] = message.at.all;
  body["msgUuid"] = uuid;
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::string> with_keyword(const std::string& body, const std::vector<std::string>& keywords,
                                        std::string_view uuid) {
  auto message = nlohmann::json::parse(body, nullptr, false);
  if (keywords.empty() || !message.is_object() || !message.contains("markdown")) return std::nullopt;
  auto& markdown = message["markdown"];
  const auto title = markdown.value("title", "");
  const auto text = markdown.value("text", "");
  for (const auto& keyword : keywords)
    if (title.find(keyword) != std::string::npos || text.find(keyword) != std::string::npos)
      return std::nullopt;
  markdown["text"] = text + "\n\n" + keywords.front();
  message["msgUuid"] = uuid;
  return message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string report_json(const alert::Report& report) {
  auto samples = nlohmann::json::array();
  for (const auto& sample : report.samples) samples.push_back({sample.record, sample.count});
  const nlohmann::json json = {{"event", config::name_of(report.event)},
                               {"count", report.count},
                               {"first", base::unix_ms(report.first)},
                               {"last", base::unix_ms(report.last)},
                               {"samples", std::move(samples)}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<alert::Report> parse_report(const std::string& json) {
  try {
    const auto from = nlohmann::json::parse(json);
    alert::Report report;
    report.event = named(kEvents, from.at("event"));
    report.count = from.at("count").get<std::uint64_t>();
    report.first = wall(from.at("first"));
    report.last = wall(from.at("last"));
    for (const auto& sample : from.at("samples"))
      report.samples.push_back({sample.at(0).get<std::string>(), sample.at(1).get<std::uint64_t>()});
    return report;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string lines_json(const std::vector<DigestLine>& lines) {
  auto out = nlohmann::json::array();
  for (const auto& line : lines)
    out.push_back({{"rule", line.rule},
                   {"text", line.text},
                   {"severity", config::name_of(line.severity)},
                   {"event", config::name_of(line.event)},
                   {"alerts", line.alerts},
                   {"resolved", line.resolved},
                   {"hits", line.hits},
                   {"first", base::unix_ms(line.first)},
                   {"last", base::unix_ms(line.last)},
                   {"mobiles", line.people.mobiles},
                   {"user_ids", line.people.user_ids},
                   {"all", line.people.all},
                   {"of_rule", line.of_rule}});
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<std::vector<DigestLine>> parse_lines(const std::string& json) {
  try {
    std::vector<DigestLine> out;
    for (const auto& line : nlohmann::json::parse(json)) out.push_back(parse_line(line));
    return out;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace dingtail::format
