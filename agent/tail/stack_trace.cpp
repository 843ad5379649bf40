#include "tail/stack_trace.h"

#include <algorithm>

namespace dingtail::tail {
namespace {

using At = StackTrace::At;
using Preset = config::Multiline::Preset;

bool is_indented(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

// "java.lang.IllegalStateException: closed": a class by its full name, and what it says.
bool is_exception(std::string_view line) {
  const auto name = line.substr(0, line.find(':'));
  const auto dot = name.rfind('.');
  const bool is_name = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           c == '.' || c == '_' || c == '$';
  });
  if (!is_name || dot == std::string_view::npos) return false;
  const auto last = name.substr(dot);
  constexpr auto kNone = std::string_view::npos;
  return last.find("Exception") != kNone || last.find("Error") != kNone || last.find("Throwable") != kNone;
}

At begin_java(std::string_view line) {
  return is_exception(line) ? At::kHeader : At::kText;
}

std::optional<At> next_java(At at, std::string_view line) {
  if (is_indented(line) || line.starts_with("Caused by: ") || line.starts_with("Suppressed: ") ||
      line.starts_with("... "))
    return At::kFrames;
  if (at == At::kText && is_exception(line)) return At::kHeader;  // of what was logged above
  return std::nullopt;
}

constexpr std::string_view kTraceback = "Traceback (most recent call last):";
constexpr std::string_view kStack = "Stack (most recent call last):";  // ends without an exception

At begin_python(std::string_view line) {
  if (line == kTraceback) return At::kHeader;
  if (line.starts_with("  File \"")) return At::kFrames;  // a syntax error has no other header
  return line == kStack ? At::kEnd : At::kText;
}

bool bridges(std::string_view line) {
  return line.starts_with("During handling of the above exception, ") ||
         line.starts_with("The above exception was the direct cause ");
}

At next_python_indented(At at, std::string_view line) {
  const bool in_trace = at == At::kHeader || at == At::kFrames;
  return in_trace || (at == At::kText && begin_python(line) == At::kFrames) ? At::kFrames : at;
}

std::optional<At> next_python(At at, std::string_view line) {
  if (is_indented(line)) return next_python_indented(at, line);
  switch (at) {
    case At::kText:
      if (line == kTraceback) return At::kHeader;
      if (line == kStack) return At::kEnd;
      break;
    case At::kHeader:
    case At::kFrames:
      if (!line.empty() && line != kTraceback && line != kStack) return At::kEnd;  // the exception itself
      break;
    case At::kEnd:
      if (line.empty()) return At::kGap;
      if (line == kStack) return At::kEnd;
      [[fallthrough]];
    case At::kGap:
      if (bridges(line)) return At::kBridge;
      break;
    case At::kBridge:
      if (line.empty()) return At::kBridge;
      if (line == kTraceback) return At::kHeader;
      break;
  }
  return std::nullopt;
}

bool is_goroutine(std::string_view line) {
  return line == "runtime stack:" || (line.starts_with("goroutine ") && line.ends_with("]:"));
}

// "net/http.(*conn).serve(0xc0000b0000, …)", "panic({0x4b2f80, 0xc})", "created by main.main in goroutine 1".
bool is_call(std::string_view line) {
  if (line.starts_with("created by ") || line.starts_with("...")) return true;
  const auto name = line.substr(0, line.find('('));
  return line.ends_with(')') && name.find(' ') == std::string_view::npos &&
         (name == "panic" || name.find('.') != std::string_view::npos);
}

At begin_go(std::string_view line) {
  if (line.starts_with("panic: ") || line.starts_with("fatal error: ")) return At::kHeader;
  return is_goroutine(line) ? At::kFrames : At::kText;
}

std::optional<At> next_go(At at, std::string_view line) {
  if (is_indented(line)) return at;
  if (line.empty()) return at == At::kFrames ? At::kGap : at;  // one stands before the first goroutine
  if (at != At::kEnd && is_goroutine(line)) return At::kFrames;
  if (at == At::kText || at == At::kEnd) return std::nullopt;
  if (line.starts_with("exit status ")) return At::kEnd;
  if (at == At::kHeader && line.starts_with("[signal ")) return at;
  return at == At::kFrames && is_call(line) ? std::optional(at) : std::nullopt;
}

}  // namespace

void StackTrace::begin(std::string_view line) {
  switch (preset_) {
    case Preset::kNone:
      break;
    case Preset::kJava:
      at_ = begin_java(line);
      break;
    case Preset::kPython:
      at_ = begin_python(line);
      break;
    case Preset::kGo:
      at_ = begin_go(line);
      break;
  }
}

bool StackTrace::goes_on(std::string_view line) {
  std::optional<At> next;
  switch (preset_) {
    case Preset::kNone:
      break;
    case Preset::kJava:
      next = next_java(at_, line);
      break;
    case Preset::kPython:
      next = next_python(at_, line);
      break;
    case Preset::kGo:
      next = next_go(at_, line);
      break;
  }
  at_ = next.value_or(at_);
  return next.has_value();
}

}  // namespace dingtail::tail
