#include "state/unwritten.h"

#include <algorithm>

namespace dingtail::state {

void Unwritten::add(Cut cut) {
  // An identity or a key that was let go and came back within one cut is there.
  for (const auto& id : cut.files.erased) files[id].reset();
  for (auto& file : cut.files.changed) files[file.id] = std::move(file);
  for (const auto& key : cut.alerts.erased) alerts[key].reset();
  for (auto& alert : cut.alerts.changed) {
    alert::AlertKey key{alert.rule, alert.group};
    alerts[std::move(key)] = std::move(alert);
  }
  for (auto& row : cut.outbox.changed) outbox[row.id] = std::move(row);
  for (const auto id : cut.outbox.erased) outbox[id].reset();
  for (auto& row : cut.console.changed) console[row.id] = std::move(row.text);
  for (const auto id : cut.console.erased) console[id].reset();
  for (auto& robot : cut.outbox.robots) robots[robot.key] = std::move(robot);
  for (const auto& [path, when] : cut.files.listed) listed[path] = when;
  patterns.merge(cut.files.patterns);
  add_told(std::move(cut.told));
  for (auto& loss : cut.files.losses) add_loss(std::move(loss));
  at = cut.at;
}

void Unwritten::add_told(std::set<std::string> paths) {
  for (auto& [key, lost] : losses)
    if (paths.contains(lost.loss.path)) lost.untold.reset();
  told.merge(paths);
}

void Unwritten::add_loss(tail::Loss loss) {
  auto& [sum, untold] = losses[{loss.path, loss.reason}];
  if (!loss.suspected) untold = untold.value_or(0) + loss.bytes;
  loss.bytes += sum.bytes;
  loss.at = std::max(loss.at, sum.at);
  sum = std::move(loss);
}

}  // namespace dingtail::state
