#include "sandbox/show.h"

#include <array>
#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/text.h"

namespace dingtail::sandbox {
namespace {

class Paint {
 public:
  explicit Paint(Style style) : style_(style) {}
  [[nodiscard]] std::string bold(const std::string& text) const { return with("1", text); }
  [[nodiscard]] std::string dim(const std::string& text) const { return with("2", text); }
  [[nodiscard]] std::string red(const std::string& text) const { return with("31", text); }
  [[nodiscard]] std::string green(const std::string& text) const { return with("32", text); }

 private:
  [[nodiscard]] std::string with(const char* code, const std::string& text) const {
    return style_ == Style::kPlain ? text : "\x1b[" + std::string(code) + "m" + text + "\x1b[0m";
  }
  Style style_;
};

// Control characters (C0, DEL and, as U+0080 to U+009F, C1) as "\x1b". Expects UTF-8.
std::string harmless(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) byte = static_cast<unsigned char>(text[++i]);
    if (!is_c1 && byte >= 0x20 && byte != 0x7F) {
      out += text[i];
      continue;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\x%02x", byte);
    out += escape.data();
  }
  return out;
}

// A line of Markdown without its marks: heading, bold, escapes and entities. The rest stands as it was
// written.
std::string plain(std::string_view line, const Paint& paint) {
  const auto marks = line.find_first_not_of('#');
  const bool heading = marks != std::string_view::npos && marks > 0 && marks <= 6 && line[marks] == ' ';
  if (heading) line.remove_prefix(marks + 1);
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line.substr(i, 2) == "**") {
      ++i;
      continue;
    }
    const bool escapes =
        line[i] == '\\' && i + 1 < line.size() && std::ispunct(static_cast<unsigned char>(line[i + 1]));
    out += escapes ? line[++i] : line[i];
  }
  for (const auto& [entity, character] :
       {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&nbsp;", " "}, {"&amp;", "&"}})
    out = base::replace_all(std::move(out), entity, character);
  out = harmless(out);
  return heading ? paint.bold(out) : out;
}

std::string outcome(const Verdict& verdict, const Paint& paint) {
  if (verdict.accepted())
    return paint.green(verdict.repeat ? "accepted, a repeat: not shown again" : "accepted");
  std::string out = "refused";
  if (verdict.http_status != 200) out += " HTTP " + std::to_string(verdict.http_status);
  if (verdict.errcode != 0) out += " " + std::to_string(verdict.errcode) + " " + harmless(verdict.errmsg);
  return paint.red(out);
}

std::string checks(const Verdict& verdict, const Paint& paint) {
  std::string out;
  for (const auto& check : verdict.checks) {
    const std::string detail = check.detail.empty() ? "" : " (" + harmless(check.detail) + ")";
    out += " " + (check.passed ? paint.dim("✓ " + check.name) : paint.red("✗ " + check.name + detail));
  }
  return out;
}

std::string mentions(const At& at) {
  std::vector<std::string> people = at.mobiles;
  people.insert(people.end(), at.user_ids.begin(), at.user_ids.end());
  if (at.all) people.emplace_back("everybody");
  return harmless(base::join(people, ", "));
}

}  // namespace

std::string show(const Received& received, Style style) {
  const Paint paint(style);
  const Verdict& verdict = received.verdict;
  const Posted& posted = verdict.posted;
  std::string out =
      base::print_clock(received.at) + " " + outcome(verdict, paint) + checks(verdict, paint) + "\n";
  if (!posted.title.empty()) out += "    [" + harmless(posted.title) + "]\n";
  if (!verdict.accepted() || verdict.repeat) return out;
  for (const auto line : base::split(base::trim(posted.text), '\n'))
    out += line.empty() ? "\n" : "    " + plain(line, paint) + "\n";
  if (const std::string people = mentions(posted.at); !people.empty())
    out += "    mentioned: " + people + "\n";
  return out;
}

std::string to_json(const Received& received) {
  using nlohmann::ordered_json;
  const Verdict& verdict = received.verdict;
  const Posted& posted = verdict.posted;
  ordered_json checks = ordered_json::array();
  for (const auto& check : verdict.checks)
    checks.push_back({{"name", check.name}, {"passed", check.passed}, {"detail", check.detail}});
  const ordered_json at = {
      {"mobiles", posted.at.mobiles}, {"user_ids", posted.at.user_ids}, {"all", posted.at.all}};
  const ordered_json out = {{"time", base::print_rfc3339(received.at)},
                            {"accepted", verdict.accepted()},
                            {"errcode", verdict.errcode},
                            {"errmsg", verdict.errmsg},
                            {"http_status", verdict.http_status},
                            {"repeat", verdict.repeat},
                            {"checks", checks},
                            {"msgtype", posted.msgtype},
                            {"title", posted.title},
                            {"text", posted.text},
                            {"at", at},
                            {"msg_uuid", posted.msg_uuid},
                            {"body_bytes", verdict.body_bytes}};
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace dingtail::sandbox
