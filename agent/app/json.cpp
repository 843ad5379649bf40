#include "app/json.h"

#include <nlohmann/json.hpp>

namespace dingtail::app {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json list_of(const std::vector<config::Problem>& problems) {
  json list = json::array();
  for (const auto& problem : problems)
    list.push_back({{"file", problem.place.file},
                    {"line", problem.place.line},
                    {"column", problem.place.column},
                    {"level", problem.weight == config::Weight::kError ? "error" : "warning"},
                    {"message", problem.message},
                    {"hint", problem.hint}});
  return list;
}

}  // namespace

std::string to_json(const std::vector<config::Problem>& problems) {
  return dump({{"problems", list_of(problems)}});
}

std::string error_json(const std::string& what, const std::vector<config::Problem>& problems) {
  return dump({{"error", what}, {"problems", list_of(problems)}});
}

std::string to_json(const TestReport& report) {
  json failures = json::array();
  for (const auto& failure : report.failures)
    failures.push_back({{"rule", failure.rule},
                        {"file", failure.place.file},
                        {"line", failure.place.line},
                        {"what", failure.what},
                        {"expected", failure.expected},
                        {"got", failure.got}});
  return dump({{"passed", report.passed}, {"failed", report.failed}, {"failures", std::move(failures)}});
}

std::string to_json(const SendRequest& request) {
  return dump({{"target", request.target}, {"text", request.text}});
}

std::optional<SendRequest> parse_send(const std::string& text) {
  try {
    const auto from = json::parse(text);
    return SendRequest{from.at("target").get<std::string>(), from.at("text").get<std::string>()};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace dingtail::app
