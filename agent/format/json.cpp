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

}  // namespace dingtail::format
