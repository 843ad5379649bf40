#include "config/read.h"

namespace dingtail::config {

Redact read_redact(const Node& node, Reading& reading) {
  using Preset = Redact::Preset;
  TableReader table(node, "[[redact]]", reading);
  Redact redact;
  redact.presets = table
                       .some_of<Preset>("preset", {{"cn-mobile", Preset::kCnMobile},
                                                   {"cn-id-card", Preset::kCnIdCard},
                                                   {"bank-card", Preset::kBankCard},
                                                   {"secret", Preset::kSecret}})
                       .value_or(redact.presets);
  if (auto pattern = table.literal("pattern")) redact.pattern = std::move(*pattern);
  if (auto replace = table.literal("replace")) redact.replace = std::move(*replace);
  const Node* pattern = table.find("pattern");
  const Node* replace = table.find("replace");
  if ((table.find("preset") != nullptr) == (pattern != nullptr))
    reading.problems.error(table.place(), "[[redact]] takes either `preset` or `pattern`",
                           "write preset = [\"cn-mobile\", \"secret\"], or pattern = '…' and replace = '…'");
  else if (replace != nullptr && pattern == nullptr)
    reading.problems.error(replace->place, "`replace` in [[redact]] belongs to a `pattern`",
                           "the presets know what to leave of what they find");
  table.finish();
  return redact;
}

}  // namespace dingtail::config
