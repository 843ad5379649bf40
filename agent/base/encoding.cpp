#include "base/encoding.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <numeric>

#include "base/text.h"

namespace dingtail::base {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// iconv itself takes the empty name, drops blanks and commas, and reads options behind a slash.
bool is_plain(std::string_view name) {
  constexpr std::string_view kOfNames =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:()+";
  return !name.empty() && name.find_first_not_of(kOfNames) == std::string_view::npos;
}

bool is_name_of_utf8(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"utf-8", "utf8", "UTF-8", "UTF8"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// What the converter writes for one more newline.
std::string write_newline(void* handle) {
  std::string newline = "\n";
  std::array<char, 32> out{};
  char* from = newline.data();
  char* to = out.data();
  std::size_t from_left = newline.size();
  std::size_t to_left = out.size();
  ::iconv(handle, &from, &from_left, &to, &to_left);
  return {out.data(), out.size() - to_left};
}

std::string every_ascii_character() {
  std::string out(128, '\0');
  std::iota(out.begin(), out.end(), '\0');
  return out;
}

// `text` without a character that began and has not ended.
std::string_view without_begun_character(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(text.size(), 3); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return text;
    if (byte < 0xC0) continue;
    const std::size_t size = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    return back < size ? text.substr(0, text.size() - back) : text;
  }
  return text;
}

}  // namespace

bool is_encoding(std::string_view name) {
  return Encoding::open(name).has_value();
}

void Encoding::Close::operator()(void* handle) const {
  ::iconv_close(handle);
}

Encoding::Handle Encoding::open_handle(const std::string& to, const std::string& from) {
  const auto handle = ::iconv_open(to.c_str(), from.c_str());
  return Handle(reinterpret_cast<std::intptr_t>(handle) == -1 ? nullptr : handle);
}

Result<Encoding> Encoding::open(std::string_view name) {
  Encoding out(nullptr, "\n");
  if (is_name_of_utf8(name)) return out;
  std::string known(name);
  const auto writer = is_plain(name) ? open_handle(known, "UTF-8") : nullptr;
  if (!writer) return fail(Code::kInvalid, "there is no encoding \"" + known + "\"");
  const auto first_size = write_newline(writer.get()).size();
  out.newline_ = write_newline(writer.get());
  const auto unit = out.newline_.size();
  if (unit != 1 && unit != 2 && unit != 4)
    return fail(Code::kInvalid, "lines in \"" + known + "\" have no ends to be found");
  const bool has_mark = unit > 1 && first_size > unit;  // whoever writes a mark has no byte order of its own
  if (has_mark) {
    known = unit == 2 ? "UTF-16LE" : "UTF-32LE";
    out.newline_ = std::string("\n\0\0\0", unit);
  }
  out.handle_ = open_handle("UTF-8", known);
  if (!out.handle_) return fail(Code::kInvalid, "encoding \"" + known + "\" cannot be read");
  // Encodings of seven bits, which write all of their characters in ASCII, know none with these two bytes.
  std::string decoded;
  const auto ascii = every_ascii_character();
  out.extends_ascii_ = out.decode(ascii + "\xB0\xA1", End::kWhole, decoded) && decoded.starts_with(ascii);
  return out;
}

bool Encoding::is_same(std::string_view text) const {
  return handle_ ? extends_ascii_ && is_ascii(text) : is_utf8(text);
}

bool Encoding::decode(std::string_view text, End end, std::string& out) {
  const auto before = out.size();
  if (!handle_) {
    if (end == End::kCut) text = without_begun_character(text);
    if (!is_utf8(text)) return false;
    out += text;
    return true;
  }
  if (is_same(text)) {
    out += text;
    return true;
  }
  reset();
  const auto stop = convert(text, out);
  const bool complete = stop == Stop::kEnd || (stop == Stop::kIncomplete && end == End::kCut);
  // (iconv makes sequences of UCS-4 beyond U+10FFFF that aren't UTF-8.)
  if (complete && is_utf8(std::string_view(out).substr(before))) return true;
  out.resize(before);
  return false;
}

void Encoding::decode_lossily(std::string_view text, End end, std::string& out) {
  if (!handle_) {
    out += to_utf8(end == End::kCut ? without_begun_character(text) : text);
    return;
  }
  reset();
  std::string decoded;
  auto stop = convert(text, decoded);
  for (; stop == Stop::kInvalid; stop = convert(text, decoded)) {
    decoded += kReplacement;
    text.remove_prefix(std::min(newline_.size(), text.size()));
  }
  if (stop == Stop::kIncomplete && end == End::kWhole) decoded += kReplacement;
  out += to_utf8(decoded);
}

// Takes from `text` what can be converted.
Encoding::Stop Encoding::convert(std::string_view& text, std::string& out) {
  std::array<char, 4096> chunk{};
  auto* from = const_cast<char*>(text.data());  // iconv's signature is older than const
  std::size_t from_left = text.size();
  auto stop = Stop::kEnd;
  bool flushing = false;
  while (true) {
    char* to = chunk.data();
    std::size_t to_left = chunk.size();
    const auto done = ::iconv(handle_.get(), flushing ? nullptr : &from, &from_left, &to, &to_left);
    const int error = done == static_cast<std::size_t>(-1) ? errno : 0;
    out.append(chunk.data(), chunk.size() - to_left);
    if (error == E2BIG) continue;
    if (error != 0) stop = error == EINVAL ? Stop::kIncomplete : Stop::kInvalid;
    if (error != 0 || flushing) break;
    flushing = true;  // some hold back a character that a following one may change
  }
  text.remove_prefix(text.size() - from_left);
  return stop;
}

void Encoding::reset() {
  ::iconv(handle_.get(), nullptr, nullptr, nullptr, nullptr);
}

}  // namespace dingtail::base
