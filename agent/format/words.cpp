#include "format/words.h"

#include <array>

#include "base/text.h"

namespace dingtail::format {
namespace {

// In Word's order; "{}" is the number.
struct Row {
  std::string_view english;
  std::string_view english_one;
  std::string_view chinese;
};
constexpr std::array<Row, 23> kWords = {{
    {"INFO", "INFO", "提示"},
    {"WARNING", "WARNING", "警告"},
    {"ERROR", "ERROR", "错误"},
    {"CRITICAL", "CRITICAL", "严重"},
    {"RESOLVED", "RESOLVED", "已恢复"},
    {"Time", "Time", "时间"},
    {"Rule", "Rule", "规则"},
    {"File", "File", "文件"},
    {"Runbook", "Runbook", "处理手册"},
    {"still firing, {} hits in total", "still firing, {} hit in total", "持续中，累计 {} 次"},
    {"after ", "after ", "持续 "},
    {"{} hits in total", "{} hit in total", "累计 {} 次"},
    {"and {} more hits", "and {} more hit", "另有 {} 条"},
    {"… {} more lines", "… {} more line", "… 另有 {} 行"},
    {"… {} more bytes", "… {} more byte", "… 另有 {} 字节"},
    {"and {} more", "and {} more", "另有 {} 项"},
    {"{} bytes", "{} byte", "{} 字节"},
    {"{} alerts", "{} alert", "{} 个告警"},
    {"{} critical", "{} critical", "{} 个严重"},
    {"{} hits", "{} hit", "命中 {} 次"},
    {"{} resolved", "{} resolved", "{} 个已恢复"},
    {"Merged, nothing dropped.", "", "已合并，无丢弃。"},
    {"Merged, nothing dropped; {} more alerts follow.", "Merged, nothing dropped; {} more alert follows.",
     "已合并，无丢弃；另有 {} 个告警随后送达。"},
}};
static_assert(kWords.size() == static_cast<std::size_t>(Word::kMergedMore) + 1);

struct EventRow {
  base::Event event;
  std::string_view english;
  std::string_view chinese;
};
constexpr std::array<EventRow, 10> kEvents = {{
    {base::Event::kReloadRefused, "reload refused", "重载被拒绝"},
    {base::Event::kRestartNeeded, "restart needed", "需要重启"},
    {base::Event::kFileUnreadable, "file cannot be read", "文件无法读取"},
    {base::Event::kRecordsLost, "records lost", "日志记录丢失"},
    {base::Event::kWatchFailed, "directory cannot be watched", "目录无法监视"},
    {base::Event::kTargetHeld, "messages held", "消息滞留"},
    {base::Event::kMessageHeld, "message refused and held", "消息被拒收并滞留"},
    {base::Event::kTargetGone, "messages for a target that is gone", "目标已移除但仍有消息"},
    {base::Event::kStateFailed, "state cannot be written", "状态无法写入"},
    {base::Event::kStateForeign, "another host's state set aside", "其他主机的状态已另存"},
}};

}  // namespace

std::string say(Word word, config::Language language, std::uint64_t n) {
  const Row& row = kWords.at(static_cast<std::size_t>(word));
  const bool chinese = language == config::Language::kChinese;
  const auto phrase = chinese ? row.chinese : n == 1 ? row.english_one : row.english;
  return base::replace_all(std::string(phrase), "{}", grouped(n));
}

std::string say(base::Event event, config::Language language) {
  for (const auto& row : kEvents)
    if (row.event == event)
      return std::string(language == config::Language::kChinese ? row.chinese : row.english);
  return std::string(base::name_of(event));
}

Word word_for(config::Severity severity) {
  switch (severity) {
    case config::Severity::kInfo:
      return Word::kInfo;
    case config::Severity::kWarning:
      return Word::kWarning;
    case config::Severity::kError:
      return Word::kError;
    case config::Severity::kCritical:
      break;
  }
  return Word::kCritical;
}

std::string_view emoji_for(config::Severity severity) {
  switch (severity) {
    case config::Severity::kInfo:
      return "🔵";
    case config::Severity::kWarning:
      return "🟡";
    case config::Severity::kError:
      return "🟠";
    case config::Severity::kCritical:
      break;
  }
  return "🔴";
}

std::string grouped(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t from_end = 3; from_end < out.size(); from_end += 4) out.insert(out.size() - from_end, ",");
  return out;
}

}  // namespace dingtail::format
