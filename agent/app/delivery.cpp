#include "app/delivery.h"

#include <algorithm>
#include <utility>

#include "app/ruleset.h"

namespace dingtail::app {
namespace {

constexpr std::size_t kBeforeKeyword = 4;  // an empty line, in JSON

std::size_t room_for_keywords(const config::Target& target) {
  std::size_t most = 0;
  for (const auto& robot : target.robots)
    if (robot.keywords != target.robots.front().keywords && !robot.keywords.empty())
      most = std::max(most, robot.keywords.front().size() + kBeforeKeyword);
  return most;
}

}  // namespace

format::Style style_of(const config::Target& target, config::Mention mention) {
  format::Style style;
  style.language = target.language;
  if (!target.robots.empty()) style.keywords = target.robots.front().keywords;
  style.mention = std::move(mention);
  style.max_body_bytes -= room_for_keywords(target);
  return style;
}

deliver::Target delivery_target(const config::Target& target, const config::Config& config) {
  deliver::Target out;
  out.name = target.name;
  out.per_minute = target.per_minute;
  const auto style = style_of(target, {});
  auto labels = labels_of(config);
  out.digest = {style.language, style.keywords, {std::move(labels["host"])}, style.max_body_bytes};
  for (auto& [name, value] : labels)
    if (name != "host") out.digest.labels.push_back(std::move(value));
  for (const auto& robot : target.robots) {
    const bool alone = target.robots.size() == 1;
    const auto name = target.name + (alone ? "" : " (robot " + std::to_string(out.robots.size() + 1) + ")");
    out.robots.push_back({name, robot.webhook, robot.secret, robot.keywords, target.proxy, target.ca_file});
  }
  return out;
}

std::vector<deliver::Target> delivery_targets(const config::Config& config) {
  std::vector<deliver::Target> out;
  for (const auto& target : config.targets)
    if (target.type == config::TargetType::kDingtalk) out.push_back(delivery_target(target, config));
  return out;
}

}  // namespace dingtail::app
