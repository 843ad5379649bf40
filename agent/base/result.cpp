#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace dingtail::base {
namespace {

Code code_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Code::kNotFound;
    case EACCES:
    case EPERM:
      return Code::kDenied;
    case ENOSPC:
    case EDQUOT:
      return Code::kNoSpace;
    case EAGAIN:
    case EBUSY:
    case EMFILE:
    case ENFILE:
      return Code::kBusy;
    default:
      return Code::kFailed;
  }
}

}  // namespace

tl::unexpected<Error> fail_errno(std::string_view doing, int error) {
  return fail(code_of(error), std::string(doing) + ": " + std::generic_category().message(error));
}

tl::unexpected<Error> within(std::string_view doing, Error error) {
  error.what = std::string(doing) + ": " + error.what;
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace dingtail::base
