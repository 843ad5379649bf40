// How a failure travels: a Result carries the value or an Error. An Error says what failed in words for an
// operator, wrapped from the outside in ("resuming a.log: open: permission denied"), and a Code to branch on.
// Not for mistakes in configuration (config/problem.h) and not for our own mistakes (assert).
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace dingtail::base {

enum class Code {
  kFailed,
  kNotFound,
  kDenied,
  kBusy,
  kInvalid,
  kNoSpace,
  kUnanswered,  // it was asked for, and what came of it is not known
  kNotDurable,  // an fsync failed: what was written may be gone, and no later success tells
};

struct Error {
  Code code = Code::kFailed;
  std::string what;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what)});
}

// The error of a system call: "<doing>: <strerror(error)>", its Code from errno.
[[nodiscard]] tl::unexpected<Error> fail_errno(std::string_view doing, int error);

// The same error, told from one step further out: "<doing>: <what>".
[[nodiscard]] tl::unexpected<Error> within(std::string_view doing, Error error);

}  // namespace dingtail::base

// Leaves the function with the error of `expression`, a Status or Result whose value isn't needed.
#define TRY(expression)                                                              \
  do {                                                                               \
    if (auto try_result = (expression); !try_result)                                 \
      return tl::unexpected<::dingtail::base::Error>(std::move(try_result).error()); \
  } while (false)
