#include "match/redaction.h"

#include <re2/re2.h>

#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "match/pattern.h"
#include "match/personal_number.h"

namespace dingtail::match {
namespace {

// Secrets by the words before them, then by their own form. What they replace leaves nothing that another of
// them, or the same one again, would take for a secret.
struct SecretForm {
  const char* pattern;
  const char* rewrite;
};
constexpr std::array<SecretForm, 8> kSecrets = {{
    {R"((?i)(authorization\\?["']?\s*[:=]\s*\\?["']?(?:(?:bearer|basic|digest|token|apikey)\s+)?)[^\s"',;\\]+)",
     R"(\1***)"},
    {R"((?i)\b(bearer\s+)[0-9a-z._~+/=-]{8,})", R"(\1***)"},
    {R"((?i)((?:set-)?cookie\\?["']?\s*:\s*)[^\r\n]+)", R"(\1***)"},
    {R"(([A-Za-z][A-Za-z0-9+.-]*://[^\s/:"']*:)[^\s/"']+@(?:[^\s"',;?]*@)?)", R"(\1***@)"},
    {R"((?i)((?:passw(?:or)?d|passphrase|pwd|secret(?:[_-]?key)?|token|api[_-]?key|private[_-]?key|)"
     R"(access[_-]?key(?:[_-]?(?:id|secret))?|credentials?|signature|session[_-]?id|密码|口令|密钥|令牌)\d*)"
     R"(\\?["']?\s*(?:[:=]|：)\s*)(?:\\"[^"\\]*|"(?:[^"\\]|\\.)*"?|'[^']*'?|(?:[^\s"',;&，；\\]|\\[^"'])+))",
     R"(\1***)"},
    {R"((?i)(\s--?(?:passw(?:or)?d|passphrase|secret|token|api-key)[ =]+)\S+)", R"(\1***)"},
    {R"((?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))", "***"},
    {R"(\b(?:AKIA[0-9A-Z]{16}|LTAI[0-9A-Za-z]{12,26}|AKID[0-9A-Za-z]{13,40}|gh[oprsu]_[0-9A-Za-z]{36,}|)"
     R"(github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}|sk-[\w-]{20,}|[rs]k_live_\w{16,}|)"
     R"(AIza[\w-]{35}|SEC[0-9a-f]{64}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*))",
     "***"},
}};
constexpr const char* kHidden = "***";

struct Replacement {
  Pattern pattern;
  std::string rewrite;  // as RE2 has it: \1
};

void replace(std::string& text, const Replacement& by) {
  RE2::GlobalReplace(&text, *by.pattern, by.rewrite);
}

// All of them, and whether there is one at all: hardly ever.
struct Secrets {
  Pattern any;
  std::vector<Replacement> each;
};

Secrets compile_secrets() {
  Secrets out;
  out.each.reserve(kSecrets.size());
  config::Problems none;
  std::string any;
  for (const auto& form : kSecrets) {
    out.each.push_back({compile_pattern({form.pattern, {}}, none), form.rewrite});
    any += (any.empty() ? "(?:" : "|(?:") + std::string(form.pattern) + ")";
  }
  out.any = compile_pattern({any, {}}, none);
  return out;
}

std::optional<PersonalNumber> number_of(config::Redact::Preset preset) {
  switch (preset) {
    case config::Redact::Preset::kCnMobile:
      return PersonalNumber::kCnMobile;
    case config::Redact::Preset::kCnIdCard:
      return PersonalNumber::kCnIdCard;
    case config::Redact::Preset::kBankCard:
      return PersonalNumber::kBankCard;
    case config::Redact::Preset::kSecret:
      break;
  }
  return std::nullopt;
}

// The group that ${name} or ${1} means; nothing where the pattern has none.
std::optional<int> group_of(const RE2& pattern, const std::string& name) {
  const auto& names = pattern.NamedCapturingGroups();
  if (const auto found = names.find(name); found != names.end()) return found->second;
  if (name.size() != 1 || name[0] < '0' || name[0] > '9') return std::nullopt;
  const int group = name[0] - '0';
  return group <= pattern.NumberOfCapturingGroups() ? std::optional(group) : std::nullopt;
}

// "${1}=***" as RE2 writes it. RE2 knows nine groups.
std::string rewrite_of(const config::Located<std::string>& text, const RE2& pattern,
                       config::Problems& problems) {
  std::string out;
  const std::string& from = text.value;
  for (std::size_t at = 0; at < from.size();) {
    const auto close = from.compare(at, 2, "${") == 0 ? from.find('}', at) : std::string::npos;
    if (close == std::string::npos) {
      out.append(from[at] == '\\' ? 2 : 1, from[at]);
      at += from.compare(at, 2, "$$") == 0 ? 2 : 1;
      continue;
    }
    const auto name = from.substr(at + 2, close - at - 2);
    const auto group = group_of(pattern, name);
    if (!group || *group > 9)
      problems.error(text.place, "`replace` names ${" + name + "}, which is no group of its pattern",
                     "its first nine groups are ${1} to ${9}, or by name; $$ is a dollar sign");
    else
      out += "\\" + std::to_string(*group);
    at = close + 1;
  }
  return out;
}

using Step = std::function<void(std::string& text)>;

Step step_of(config::Redact::Preset preset) {
  if (const auto kind = number_of(preset))
    return [kind = *kind](std::string& text) { text = mask(text, kind); };
  return [secrets = compile_secrets()](std::string& text) {
    if (!matches(*secrets.any, text)) return;
    for (const auto& secret : secrets.each) replace(text, secret);
  };
}

// Changes nothing where the pattern is no pattern; that is told.
Step step_of(const config::Redact& redact, config::Problems& problems) {
  const auto pattern = compile_pattern(redact.pattern, problems);
  if (!pattern) return [](std::string&) {};
  if (matches(*pattern, ""))
    problems.error(redact.pattern.place, "this pattern matches nothing at all, and so everywhere",
                   "let it take one character at least: + instead of *");
  return [by = Replacement{pattern, rewrite_of(redact.replace, *pattern, problems)}](std::string& text) {
    replace(text, by);
  };
}

}  // namespace

Redaction Redaction::compile(const std::vector<config::Redact>& redacts, config::Problems& problems) {
  Redaction out;
  for (const auto& redact : redacts) {
    for (const auto preset : redact.presets) out.steps_.push_back(step_of(preset));
    if (!redact.pattern.value.empty()) out.steps_.push_back(step_of(redact, problems));
  }
  return out;
}

std::string Redaction::redacted(std::string text) const {
  for (const auto& step : steps_) step(text);
  return text;
}

void Redaction::apply_to(Fields& parts, const std::string& whole) const {
  const auto shows = [&](const std::string& part) { return whole.find(part) != std::string::npos; };
  for (auto& [name, value] : parts) {
    if (!shows(value)) value = redacted(std::move(value));
    if (!shows(value)) value = kHidden;
  }
}

void Redaction::apply(Hit& hit) const {
  if (steps_.empty()) return;
  hit.record = redacted(std::move(hit.record));
  hit.path = redacted(std::move(hit.path));
  apply_to(hit.fields, hit.record);
  apply_to(hit.labels, base::to_utf8(hit.path));
}

}  // namespace dingtail::match
