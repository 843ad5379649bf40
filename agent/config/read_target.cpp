#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/text.h"
#include "config/read.h"
#include "config/secrets.h"
#include "config/webhook.h"

namespace dingtail::config {
namespace {

constexpr std::size_t kMostMentioned = 50;  // dingtalk.md, section 5: a message mentions 50 people at most

// A secret in a file that everyone may read is no secret, be it this file or one that it names.
void warn_if_public(TableReader& table, const Node* node) {
  auto& problems = table.reading().problems;
  const auto* text = node == nullptr ? nullptr : std::get_if<std::string>(&node->value);
  if (text == nullptr) return;
  const auto& file = node->place.file;
  const auto named = expand(*text, table.directory()).files;
  for (const auto& secret : named)
    if (is_open_to_others(secret, Access::kReadOrWrite))
      problems.warning(node->place, "others may read or write " + secret.string() + ", which holds a secret",
                       "chmod o-rw it; the agent's own user or group is enough");
  if (text->find("${") == std::string::npos && is_open_to_others(file, Access::kReadOrWrite))
    problems.warning(
        node->place, "a secret stands in a file that others may read or write",
        "chmod o-rw the file, or keep the secret outside: ${file:PATH}, ${credential:NAME}, ${env:NAME}");
}

// Of a proxy's URL, as it is written.
bool has_password(const Node* node) {
  const auto* text = node == nullptr ? nullptr : std::get_if<std::string>(&node->value);
  if (text == nullptr) return false;
  const auto at = text->rfind('@');
  const auto scheme = text->find("://");
  const auto user = scheme == std::string::npos ? 0 : scheme + 3;
  return at != std::string::npos && text->find(':', user) < at;
}

std::vector<EventKind> with_repeats(std::vector<EventKind> events) {
  const bool firing = std::find(events.begin(), events.end(), EventKind::kFiring) != events.end();
  const bool repeat = std::find(events.begin(), events.end(), EventKind::kRepeat) != events.end();
  if (firing && !repeat) events.push_back(EventKind::kRepeat);  // a repeat is news of a firing alert
  return events;
}

void read_proxy(TableReader& table, Target& target) {
  const Node* node = table.find("proxy");
  if (has_password(node)) warn_if_public(table, node);
  const auto proxy = table.string("proxy");
  if (!proxy) return;
  target.proxy = proxy->value;
  const bool known = proxy->value.starts_with("http://") || proxy->value.starts_with("https://") ||
                     proxy->value.starts_with("socks5://") || proxy->value.starts_with("socks5h://");
  if (!known || proxy->value.find_first_of(" \t\r\n") != std::string::npos)
    table.reading().problems.error(proxy->place, "`proxy` is not a proxy's URL",
                                   "write http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT");
}

Robot read_robot(TableReader& table) {
  auto& problems = table.reading().problems;
  Robot robot;
  if (const Node* node = table.require("webhook")) {
    if (auto url = table.string("webhook")) {
      robot.webhook = base::Secret(checked_webhook(*url, problems));
    }
    warn_if_public(table, node);
  }
  warn_if_public(table, table.find("secret"));
  if (const auto secret = table.string("secret")) {
    robot.secret = base::Secret(std::string(base::trim(secret->value)));
    if (robot.secret.empty())
      problems.error(secret->place, "`secret` is empty",
                     "copy it from the robot's page, or leave `secret` out where the robot does not sign");
  }
  robot.keywords = table.values("keywords");
  return robot;
}

// A pool: `robots` in the place of one robot's own keys.
std::vector<Robot> read_robots(TableReader& target) {
  auto& problems = target.reading().problems;
  const auto nodes = target.tables("robots");
  std::vector<Robot> out;
  for (const Node* node : nodes) {
    TableReader table(*node, "robots", target.reading());
    out.push_back(read_robot(table));
    table.finish();
    const auto same = std::ranges::count(out, out.back().webhook, &Robot::webhook);
    if (same > 1 && !out.back().webhook.empty())
      problems.error(node->place, "`robots` has one robot twice", "leave one of the two out");
  }
  if (nodes.empty())
    problems.error(target.find("robots")->place, "`robots` is empty",
                   "write robots = [{ webhook = \"…\", secret = \"…\" }], or `webhook` for a single robot");
  for (const auto* key : {"webhook", "secret", "keywords"})
    if (const Node* node = target.find(key))
      problems.error(node->place, "`" + std::string(key) + "` stands beside `robots`",
                     "move it into one of the robots");
  return out;
}

void read_dingtalk(TableReader& table, Target& target) {
  if (table.find("robots") != nullptr)
    target.robots = read_robots(table);
  else
    target.robots = {read_robot(table)};
  if (const auto most = table.integer("per_minute", 1, 1'000'000)) {
    target.per_minute = static_cast<std::uint32_t>(*most);
    if (*most > 20)
      table.reading().problems.warning(table.find("per_minute")->place,
                                       "DingTalk takes 20 messages a minute from a robot",
                                       "leave `per_minute` at 18, unless this is no DingTalk robot");
  }
  read_proxy(table, target);
  if (const auto ca = table.string("ca_file")) {
    target.ca_file = (table.directory() / ca->value).string();
    if (::access(target.ca_file.c_str(), R_OK) != 0)
      table.reading().problems.warning(
          ca->place,
          "`ca_file` cannot be read: " + target.ca_file + ": " + std::generic_category().message(errno),
          "without it nothing is sent to this target");
  }
}

Words<EventKind> event_words() {
  return {{"firing", EventKind::kFiring}, {"repeat", EventKind::kRepeat}, {"resolved", EventKind::kResolved}};
}

bool is_mobile(std::string_view text) {
  return text.size() >= 5 && text.find_first_not_of("+-0123456789") == std::string_view::npos;
}

bool is_user_id(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n@") == std::string_view::npos;
}

std::vector<std::string> people(TableReader& table, std::string_view key, bool (*valid)(std::string_view)) {
  std::vector<std::string> out;
  for (const auto& person : table.strings(key)) {
    if (valid(person.value))
      out.push_back(person.value);
    else
      table.reading().problems.error(
          person.place, "`" + std::string(key) + "`: \"" + person.value + "\" cannot be mentioned",
          "mobiles are digits (abroad +CC-number), user ids have no blanks and no @");
  }
  return out;
}

}  // namespace

std::optional<Mention> read_mention(TableReader& parent) {
  const Node* node = parent.table("mention");
  if (node == nullptr) return std::nullopt;
  TableReader table(*node, "mention", parent.reading());
  Mention mention;
  mention.mobiles = people(table, "mobiles", is_mobile);
  mention.user_ids = people(table, "user_ids", is_user_id);
  mention.all = table.boolean("all").value_or(false);
  mention.on = table.some_of<EventKind>("on", event_words()).value_or(mention.on);
  if (mention.mobiles.size() + mention.user_ids.size() > kMostMentioned)
    parent.reading().problems.error(node->place, "`mention` names more than 50 people",
                                    "DingTalk takes 50 at most; use `all = true` to call everyone");
  table.finish();
  return mention;
}

std::optional<Language> read_language(TableReader& table) {
  return table.one_of<Language>("language", {{"en", Language::kEnglish}, {"zh", Language::kChinese}});
}

Target read_target(const Node& node, Language language, Reading& reading) {
  TableReader table(node, "[[target]]", reading);
  Target target;
  target.place = table.place();
  target.name = table.name();
  table.require("type");
  const Node* type_node = table.find("type");
  const auto* type_word = type_node == nullptr ? nullptr : std::get_if<std::string>(&type_node->value);
  if (type_word != nullptr && *type_word == "alertmanager")
    reading.problems.error(type_node->place, "`type = \"alertmanager\"` in [[target]] is not built yet",
                           "use \"dingtalk\" or \"console\"");
  else
    target.type = table
                      .one_of<TargetType>(
                          "type", {{"dingtalk", TargetType::kDingtalk}, {"console", TargetType::kConsole}})
                      .value_or(TargetType::kConsole);
  if (target.type == TargetType::kDingtalk && type_word != nullptr && *type_word == "dingtalk")
    read_dingtalk(table, target);
  target.mention = read_mention(table).value_or(Mention{});
  if (auto events = table.some_of<EventKind>("events", event_words()))
    target.events = with_repeats(std::move(*events));
  target.language = read_language(table).value_or(language);
  table.finish({"template", "content", "samples", "urls"});
  return target;
}

}  // namespace dingtail::config
