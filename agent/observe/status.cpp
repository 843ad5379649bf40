#include "observe/status.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "format/escape.h"

namespace dingtail::observe {
namespace {

using nlohmann::json;

std::uint64_t lag_of(const tail::FileStatus& file) {
  return file.size - std::min(file.size, file.offset);
}

json target_json(const deliver::TargetStatus& target) {
  json out = {{"name", target.name},
              {"state", deliver::name_of(target.state)},
              {"queue", target.queue},
              {"held", target.held},
              {"sent_last_minute", target.sent_last_minute},
              {"quota_left", target.quota_left},
              {"delivered", target.delivered},
              {"last_error", nullptr}};
  if (!target.last_error) return out;
  const auto& error = *target.last_error;
  out["last_error"] = {{"errcode", error.errcode ? json(*error.errcode) : json(nullptr)},
                       {"errmsg", error.errmsg},
                       {"remedy", error.remedy},
                       {"at", base::print_rfc3339(error.at)}};
  return out;
}

// Rows of cells, aligned in columns, two blanks apart. Nothing in a cell steers the terminal.
class Grid {
 public:
  void add(const std::vector<std::string>& row) {
    rows_.emplace_back();
    for (const auto& cell : row) rows_.back().push_back(format::plain(cell));
  }

  [[nodiscard]] std::string print() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_)
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths.resize(std::max(widths.size(), i + 1));
        widths[i] = std::max(widths[i], row[i].size());
      }
    std::string out;
    for (const auto& row : rows_) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        line += "  " + row[i];
        if (i + 1 < row.size()) line.append(widths[i] - row[i].size(), ' ');
      }
      out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    }
    return out;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string files_text(const Status& status) {
  if (status.files.empty()) return "  none\n";
  Grid grid;
  grid.add({"PATH", "SOURCE", "STATE", "OFFSET", "LAG", "REASON"});
  for (const auto& file : status.files)
    grid.add({file.path, file.source, file.state, std::to_string(file.offset), std::to_string(lag_of(file)),
              file.reason});
  return grid.print();
}

std::string rules_text(const Status& status) {
  Grid grid;
  grid.add({"RULE", "HITS", "ALERTS", "FROM"});
  std::size_t silent = 0;
  for (const auto& rule : status.rules) {
    if (rule.hits == 0)
      ++silent;
    else
      grid.add({rule.name, std::to_string(rule.hits), std::to_string(rule.alerts), rule.source});
  }
  const std::string rest = "  " + std::to_string(silent) + " rules without a hit\n";
  return (silent < status.rules.size() ? grid.print() : "") + (silent > 0 ? rest : "");
}

std::string targets_text(const Status& status) {
  if (status.targets.empty()) return "  none but the console\n";
  Grid grid;
  grid.add({"TARGET", "STATE", "QUEUE", "HELD", "QUOTA LEFT", "DELIVERED"});
  std::string errors;
  for (const auto& target : status.targets) {
    grid.add({target.name, std::string(deliver::name_of(target.state)), std::to_string(target.queue),
              std::to_string(target.held), std::to_string(target.quota_left),
              std::to_string(target.delivered)});
    if (!target.last_error) continue;
    const auto& error = *target.last_error;
    errors += "  " + format::plain(target.name) + ": " +
              (error.errcode ? "errcode " + std::to_string(*error.errcode) + ": " : "") +
              format::plain(error.errmsg) + " (" + base::print_date_time(error.at) +
              ")\n    remedy: " + format::plain(error.remedy) + '\n';
  }
  return grid.print() + errors;
}

std::string reload_text(const Status& status) {
  if (status.reload_error.empty()) return {};
  std::string out = "last reload refused: ";
  for (const auto line : base::split(base::trim(status.reload_error), '\n'))
    out += format::plain(line) + '\n';
  return out;
}

std::string losses_text(const Status& status) {
  if (status.losses.empty()) return "  none\n";
  Grid grid;
  grid.add({"PATH", "BYTES", "LAST", "REASON"});
  for (const auto& loss : status.losses)
    grid.add({loss.path, loss.bytes == 0 ? "unknown" : std::to_string(loss.bytes),
              base::print_date_time(loss.at), loss.reason});
  return grid.print() + "  " + std::to_string(status.bytes_lost) + " bytes in all\n";
}

}  // namespace

std::string to_json(const Status& status) {
  json files = json::array();
  for (const auto& file : status.files)
    files.push_back({{"path", file.path},
                     {"source", file.source},
                     {"state", file.state},
                     {"offset", file.offset},
                     {"size", file.size},
                     {"lag", lag_of(file)},
                     {"reason", file.reason}});
  json rules = json::array();
  for (const auto& rule : status.rules)
    rules.push_back({{"name", rule.name},
                     {"source", rule.source},
                     {"hits", rule.hits},
                     {"alerts", rule.alerts},
                     {"suppressed", 0}});
  json targets = json::array();
  for (const auto& target : status.targets) targets.push_back(target_json(target));
  json losses = json::array();
  for (const auto& loss : status.losses)
    losses.push_back({{"path", loss.path},
                      {"bytes", loss.bytes},
                      {"reason", loss.reason},
                      {"at", base::print_rfc3339(loss.at)}});
  const json all = {{"version", status.version},
                    {"pid", status.pid},
                    {"rules_hash", status.rules_hash},
                    {"reload_error", status.reload_error.empty() ? json(nullptr) : json(status.reload_error)},
                    {"files", std::move(files)},
                    {"rules", std::move(rules)},
                    {"targets", std::move(targets)},
                    {"silences", json::array()},
                    {"losses", std::move(losses)}};
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string to_text(const Status& status) {
  std::string out = "dingtail " + status.version + ", pid " + std::to_string(status.pid) + ", rules " +
                    status.rules_hash + '\n' + reload_text(status);
  out += "\nFiles\n" + files_text(status);
  out += "\nRules\n" + rules_text(status);
  out += "\nTargets\n" + targets_text(status);
  out += "\nLosses\n" + losses_text(status);
  return out;
}

}  // namespace dingtail::observe
