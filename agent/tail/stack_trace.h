// Which lines belong to one record, as Java, Python and Go print their stack traces: the line that was
// logged, and the trace behind it. An indented line always goes on with what is above it. Decides by the
// lines since the record's first one alone, without regular expressions.
#pragma once

#include <optional>
#include <string_view>

#include "config/config.h"

namespace dingtail::tail {

class StackTrace {
 public:
  // With no preset every line begins a record.
  explicit StackTrace(config::Multiline::Preset preset) : preset_(preset) {}

  // A record begins with this line.
  void begin(std::string_view line);
  // True where the next line goes on with the record; false: it begins another.
  bool goes_on(std::string_view line);

  // What the lines so far end with, as far as the next one depends on it.
  enum class At {
    kText,    // what was logged
    kHeader,  // what announces a trace: an exception, "Traceback …", "panic: …"
    kFrames,
    kEnd,     // what ends one: Python's exception, Go's "exit status 2"
    kGap,     // an empty line behind that
    kBridge,  // from one trace of Python's to the next: "During handling of the above exception, …"
  };

 private:
  config::Multiline::Preset preset_;
  At at_ = At::kText;
};

}  // namespace dingtail::tail
