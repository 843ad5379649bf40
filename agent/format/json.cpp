#include "format/json.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace dingtail::format {
namespace {

constexpr std::array kEvents = {config::EventKind::kFiring, config::EventKind::kRepeat,
                                config::EventKind::kResolved};

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
    const auto* event = std::ranges::find(kEvents, from.at("event").get<std::string>(),
                                          [](auto kind) { return config::name_of(kind); });
    if (event == kEvents.end()) return std::nullopt;
    report.event = *event;
    report.count = from.at("count").get<std::uint64_t>();
    report.first = base::from_unix_ms(from.at("first").get<std::int64_t>());
    report.last = base::from_unix_ms(from.at("last").get<std::int64_t>());
    for (const auto& sample : from.at("samples"))
      report.samples.push_back({sample.at(0).get<std::string>(), sample.at(1).get<std::uint64_t>()});
    return report;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace dingtail::format
