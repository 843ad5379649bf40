#include "sandbox/posted.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace dingtail::sandbox {
namespace {

using nlohmann::json;

const json& member(const json& object, const char* key) {
  static const json absent;
  if (!object.is_object()) return absent;
  const auto found = object.find(key);
  return found == object.end() ? absent : *found;
}

std::string string_at(const json& object, const char* key) {
  const json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool all_filled(const json& object, std::initializer_list<const char*> keys) {
  return std::all_of(keys.begin(), keys.end(),
                     [&](const char* key) { return !string_at(object, key).empty(); });
}

bool is_list_of(const json& list, std::initializer_list<const char*> keys) {
  return list.is_array() && !list.empty() &&
         std::all_of(list.begin(), list.end(), [&](const json& item) { return all_filled(item, keys); });
}

void refuse(Reading& reading, int errcode, const std::string& parameter) {
  if (!reading.refusal) reading.refusal = {errcode, "参数 " + parameter + " 缺失，或者参数格式不正确"};
}

void read_text(const json& part, Reading& reading) {
  reading.posted.text = string_at(part, "content");
  if (!part.is_object()) refuse(reading, 400201, "text");
  if (reading.posted.text.empty()) refuse(reading, 400201, "text.content");
}

void read_markdown(const json& part, Reading& reading) {
  reading.posted.title = string_at(part, "title");
  reading.posted.text = string_at(part, "text");
  if (!part.is_object()) refuse(reading, 400401, "markdown");
  if (reading.posted.title.empty()) refuse(reading, 400402, "markdown.title");
  if (reading.posted.text.empty()) refuse(reading, 400403, "markdown.text");
}

void read_link(const json& part, Reading& reading) {
  reading.posted.title = string_at(part, "title");
  reading.posted.text = string_at(part, "text");
  if (!all_filled(part, {"title", "text", "messageUrl"}))
    reading.remarks.emplace_back("link needs title, text and messageUrl");
}

void read_action_card(const json& part, Reading& reading) {
  reading.posted.title = string_at(part, "title");
  reading.posted.text = string_at(part, "text");
  if (!all_filled(part, {"title", "text"})) reading.remarks.emplace_back("actionCard needs title and text");
  if (!all_filled(part, {"singleTitle", "singleURL"}) &&
      !is_list_of(member(part, "btns"), {"title", "actionURL"}))
    reading.remarks.emplace_back(
        "actionCard needs singleTitle and singleURL, or btns with title and actionURL");
}

void read_feed_card(const json& part, Reading& reading) {
  const json& links = member(part, "links");
  if (!is_list_of(links, {"title", "messageURL", "picURL"})) return refuse(reading, 400602, "feedCard.links");
  reading.posted.title = string_at(links.front(), "title");
  for (const auto& link : links) reading.posted.text += string_at(link, "title") + "\n";
}

struct Type {
  const char* name;
  void (*read)(const json& part, Reading& reading);
};
constexpr std::array<Type, 5> kTypes = {{{"text", read_text},
                                         {"markdown", read_markdown},
                                         {"link", read_link},
                                         {"actionCard", read_action_card},
                                         {"feedCard", read_feed_card}}};

std::vector<std::string> read_people(const json& at, const char* key, Reading& reading) {
  const json& list = member(at, key);
  if (list.is_null()) return {};
  const auto is_string = [](const json& item) { return item.is_string(); };
  if (list.is_array() && std::all_of(list.begin(), list.end(), is_string)) return list;
  reading.remarks.push_back(std::string("at.") + key +
                            " is not a list of strings: nobody in it is mentioned");
  return {};
}

void read_at(const json& at, Reading& reading) {
  if (at.is_null()) return;
  if (!at.is_object()) {
    reading.remarks.emplace_back("at is not an object: nobody is mentioned");
    return;
  }
  reading.posted.at.mobiles = read_people(at, "atMobiles", reading);
  reading.posted.at.user_ids = read_people(at, "atUserIds", reading);
  const json& all = member(at, "isAtAll");
  if (all.is_boolean()) reading.posted.at.all = all;
  if (!all.is_boolean() && !all.is_null()) reading.remarks.emplace_back("at.isAtAll is not a boolean");
}

}  // namespace

Reading read_posted(std::string_view body) {
  Reading reading;
  const json root = json::parse(body, nullptr, false);  // refuses what isn't UTF-8, too
  reading.is_json = root.is_object();
  if (!reading.is_json) return reading;
  reading.posted.msgtype = string_at(root, "msgtype");
  reading.posted.msg_uuid = string_at(root, "msgUuid");
  if (root.contains("msgUuid") && reading.posted.msg_uuid.empty())
    reading.remarks.emplace_back("msgUuid is not a string with something in it: a repeat would show twice");
  read_at(member(root, "at"), reading);
  const auto* type = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const Type& known) { return reading.posted.msgtype == known.name; });
  if (type == kTypes.end())
    reading.refusal = {400105, "msgtype is not supported"};
  else
    type->read(member(root, type->name), reading);
  return reading;
}

}  // namespace dingtail::sandbox
