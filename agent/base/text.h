// Small tools for text that the standard library lacks. Views point into the argument.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dingtail::base {

std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string replace_all(std::string text, std::string_view from, std::string_view to);

// The candidate nearest to `word` that a person may have meant; nothing if all are too far.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

bool is_ascii(std::string_view text);
// True where `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(std::string_view text);
// A copy in which each byte that belongs to no well-formed character stands as U+FFFD.
std::string to_utf8(std::string_view text);
// The longest prefix of at most `bytes` bytes that ends between characters.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes);

// "64KiB", "20MiB", "1GiB", "512B" or a plain number of bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

// A URL's host that is this machine for sure: 127.0.0.0/8, [::1], localhost.
bool is_loopback(std::string_view host);

// FNV-1a, 64 bits: a fingerprint for change detection, not for security.
std::uint64_t fingerprint(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325ULL);
std::string hex(std::uint64_t value);

}  // namespace dingtail::base
