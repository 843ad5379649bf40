// A string that must not reach a log, a status, an error or a core dump: it prints nowhere by itself, and is
// wiped when it ends. reveal() is the one way to the text; grep for it to see who uses secrets.
#pragma once

#include <string.h>

#include <string>
#include <utility>

namespace dingtail::base {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept { text_.swap(other.text_); }
  Secret& operator=(Secret other) noexcept {  // the old text ends with `other`
    text_.swap(other.text_);
    return *this;
  }
  ~Secret() {
    text_.resize(text_.capacity());  // the rest of an older, longer text
    ::explicit_bzero(text_.data(), text_.size());
  }

  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

}  // namespace dingtail::base
