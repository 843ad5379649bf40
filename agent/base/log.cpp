#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "base/fd.h"
#include "base/text.h"

namespace dingtail::base {
namespace {

// With its time and level it is one write that a pipe takes whole.
constexpr std::size_t kMostLineBytes = PIPE_BUF - 64;

enum class Speaks { kAlways, kOnce };
enum class Hears { kLogAlone, kTargets };

struct Row {
  Event event;
  std::string_view name;
  Level level;
  Speaks speaks;
  Hears hears = Hears::kLogAlone;
};

constexpr std::array kRows = {
    Row{Event::kAgentStarted, "agent-started", Level::kInfo, Speaks::kAlways},
    Row{Event::kAgentReady, "agent-ready", Level::kInfo, Speaks::kAlways},
    Row{Event::kAgentStopping, "agent-stopping", Level::kInfo, Speaks::kAlways},
    Row{Event::kAgentStopped, "agent-stopped", Level::kInfo, Speaks::kAlways},
    Row{Event::kReloaded, "reloaded", Level::kInfo, Speaks::kAlways},
    Row{Event::kReloadRefused, "reload-refused", Level::kError, Speaks::kAlways, Hears::kTargets},
    Row{Event::kRestartNeeded, "restart-needed", Level::kWarning, Speaks::kOnce, Hears::kTargets},
    Row{Event::kConfigWarning, "config-warning", Level::kWarning, Speaks::kAlways},
    Row{Event::kSourceWithoutFiles, "source-without-files", Level::kWarning, Speaks::kOnce},
    Row{Event::kFileFollowed, "file-followed", Level::kInfo, Speaks::kAlways},
    Row{Event::kFileMissing, "file-missing", Level::kWarning, Speaks::kOnce},
    Row{Event::kFileUnreadable, "file-unreadable", Level::kWarning, Speaks::kOnce, Hears::kTargets},
    Row{Event::kFileBack, "file-back", Level::kInfo, Speaks::kAlways},
    Row{Event::kFileRotated, "file-rotated", Level::kInfo, Speaks::kAlways},
    Row{Event::kFileTruncated, "file-truncated", Level::kWarning, Speaks::kAlways},
    Row{Event::kFileGone, "file-gone", Level::kInfo, Speaks::kAlways},
    Row{Event::kFileEncoding, "file-encoding", Level::kWarning, Speaks::kOnce},
    Row{Event::kFileInTwoSources, "file-in-two-sources", Level::kWarning, Speaks::kOnce},
    // The ledger of losses tells the targets, with the bytes.
    Row{Event::kRecordsLost, "records-lost", Level::kWarning, Speaks::kOnce},
    Row{Event::kWatchBack, "watch-back", Level::kInfo, Speaks::kAlways},
    Row{Event::kWatchFailed, "watch-failed", Level::kWarning, Speaks::kOnce, Hears::kTargets},
    Row{Event::kEventsOverflowed, "events-overflowed", Level::kWarning, Speaks::kAlways},
    Row{Event::kDeliveryFailed, "delivery-failed", Level::kWarning, Speaks::kOnce},
    Row{Event::kTargetHeld, "target-held", Level::kError, Speaks::kOnce, Hears::kTargets},
    Row{Event::kMessageHeld, "message-held", Level::kError, Speaks::kOnce, Hears::kTargets},
    Row{Event::kTargetGone, "target-gone", Level::kWarning, Speaks::kOnce, Hears::kTargets},
    Row{Event::kTargetThrottled, "target-throttled", Level::kWarning, Speaks::kAlways},
    Row{Event::kTargetBack, "target-back", Level::kInfo, Speaks::kAlways},
    Row{Event::kStateFailed, "state-failed", Level::kError, Speaks::kOnce, Hears::kTargets},
    // The ledger tells the targets what this means for the files.
    Row{Event::kStateCorrupt, "state-corrupt", Level::kError, Speaks::kAlways},
    Row{Event::kStateForeign, "state-foreign", Level::kWarning, Speaks::kAlways, Hears::kTargets},
    Row{Event::kStateBack, "state-back", Level::kInfo, Speaks::kAlways},
    Row{Event::kControlBack, "control-back", Level::kInfo, Speaks::kAlways},
    Row{Event::kControlFailed, "control-failed", Level::kWarning, Speaks::kOnce},
    Row{Event::kLogLeftOut, "log-left-out", Level::kWarning, Speaks::kAlways},
};

const Row& row_of(Event event) {
  for (const auto& row : kRows)
    if (row.event == event) return row;
  std::abort();  // an event without a row is our own mistake
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  std::abort();
}

// Whether stderr goes to journald (systemd.exec(5)): JOURNAL_STREAM names the stream's device and inode.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) == stream;
}

// syslog's priorities, as sd-daemon(3) has them at the beginning of a line.
std::string_view priority_prefix(Level level) {
  switch (level) {
    case Level::kInfo:
      return "<6>";
    case Level::kWarning:
      return "<4>";
    case Level::kError:
      return "<3>";
  }
  std::abort();
}

}  // namespace

std::string_view name_of(Event event) {
  return row_of(event).name;
}

Log Log::to_stderr() {
  auto logger =
      std::make_shared<spdlog::logger>("dingtail", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_error_handler([](const std::string&) {});  // a full disk behind stderr must not stop the agent
  const bool journal = stderr_is_journal();
  logger->set_pattern(journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  const auto write = [logger, journal](Level level, std::string_view line) {
    logger->log(to_spdlog(level), "{}{}", journal ? priority_prefix(level) : "",
                utf8_prefix(line, kMostLineBytes));
  };
  return Log([write, left_out = std::uint64_t{0}](Level level, std::string_view line) mutable {
    if (left_out > 0 && takes_more(STDERR_FILENO)) {
      const auto& row = row_of(Event::kLogLeftOut);
      write(row.level, std::string(row.name) + " lines that nobody read: " + std::to_string(left_out));
      left_out = 0;
    }
    if (takes_more(STDERR_FILENO))
      write(level, line);
    else
      ++left_out;
  });
}

void Log::say(Event event, std::string_view subject, std::string_view detail) {
  const Row& row = row_of(event);
  if (row.speaks == Speaks::kOnce) {
    auto& before = spoken_[{event, std::string(subject)}];
    if (!before.empty() && before == detail) return;
    before = detail.empty() ? " " : detail;
  }
  if (row.hears == Hears::kTargets) told_.push_back({event, std::string(subject), std::string(detail)});
  // A path or an answer may hold anything; a line of the log stays one line.
  const auto one_line = [](std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
    return text;
  };
  std::string line(row.name);
  if (!subject.empty()) line.append(" ").append(subject);
  if (!detail.empty()) line.append(subject.empty() ? " " : ": ").append(detail);
  sink_(row.level, one_line(std::move(line)));
}

bool Log::over(Event event, std::string_view subject) {
  const bool had_spoken = spoken_.erase({event, std::string(subject)}) > 0;
  if (had_spoken && row_of(event).hears == Hears::kTargets)
    told_.push_back({event, std::string(subject), std::nullopt});
  return had_spoken;
}

}  // namespace dingtail::base
