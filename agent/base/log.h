// What can happen to an operator, each as one named event. Rooms name an event, its subject (a path, a
// target) and a detail; the wording around it, its level and how often it speaks are decided here, in one
// table. A repeated trouble speaks once until its detail changes or it is over. What the agent's targets are
// to hear of too is kept here until the app takes it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace dingtail::base {

enum class Event {
  kAgentStarted,
  kAgentReady,
  kAgentStopping,
  kAgentStopped,
  kReloaded,
  kReloadRefused,
  kRestartNeeded,
  kConfigWarning,
  kSourceWithoutFiles,
  kFileFollowed,
  kFileMissing,
  kFileUnreadable,
  kFileBack,
  kFileRotated,
  kFileTruncated,
  kFileGone,
  kFileInTwoSources,
  kFileEncoding,
  kRecordsLost,
  kWatchFailed,
  kWatchBack,
  kEventsOverflowed,
  kDeliveryFailed,
  kTargetHeld,
  kMessageHeld,
  kTargetGone,
  kTargetThrottled,
  kTargetBack,
  kStateFailed,
  kStateCorrupt,
  kStateForeign,
  kStateBack,
  kControlBack,
  kLogLeftOut,
  kControlFailed,
};

enum class Level { kInfo, kWarning, kError };

// "file-unreadable", of static life.
std::string_view name_of(Event event);

// A trouble that the agent's targets are to hear of.
struct Told {
  Event event;
  std::string subject;
  std::optional<std::string> detail;  // none: the trouble is over

  bool operator==(const Told&) const = default;
};

class Log {
 public:
  using Sink = std::function<void(Level, std::string_view line)>;

  explicit Log(Sink sink) : sink_(std::move(sink)) {}
  // Lines on stderr: "2026-11-21T10:31:02.123+08:00 warning file-missing /var/log/a.log: no such file".
  // Where stderr is journald, which stamps lines itself, without the time and with a priority prefix. Never
  // waits for who reads them: lines that a full pipe does not take are left out, and the next one that it
  // takes says how many.
  static Log to_stderr();

  void say(Event event, std::string_view subject, std::string_view detail);
  // The trouble `event` of `subject` is over: it will speak again. True if it had spoken.
  bool over(Event event, std::string_view subject);

  // What was said for the agent's targets since the last call, in order.
  [[nodiscard]] std::vector<Told> take_told() { return std::exchange(told_, {}); }

 private:
  Sink sink_;
  std::map<std::pair<Event, std::string>, std::string> spoken_;
  std::vector<Told> told_;
};

}  // namespace dingtail::base
