#include "format/json.h"

#include <nlohmann/json.hpp>

namespace dingtail::format {

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

}  // namespace dingtail::format
