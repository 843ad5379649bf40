// Text that tries to be more than text: a list written by hand, and a seeded generator that mixes its like.
// The seed is printed; DINGTAIL_TEST_SEED replays it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace dingtail::format {

inline std::vector<std::string> attacks() {
  return {
      "@all",
      "@13800000000",
      "call @manager_8231 now, ops@example.com too",
      "\xEF\xBC\xA0所有人 \xEF\xBC\xA0"
      "13800000000",
      "@ all",
      "@\xE2\x80\x8B"
      "all",
      "[click](https://evil.example)",
      "[click][1]",
      "[1]: https://evil.example",
      "![x](https://evil.example/a.png)",
      "<https://evil.example>",
      "https://evil.example/a?b=c&d=e",
      "WWW.evil.example www.evil.example",
      "mailto:a@b.example dingtalk:x dtmd:y DingTalk://dingtalkclient/page/link?url=x",
      "# heading",
      "#### heading ####",
      "heading\n====",
      "heading\n----",
      "-----",
      "* * *",
      "_ _ _",
      "- item",
      "+ item",
      "* item",
      "1. item",
      "123456789) item",
      "1.",
      "-",
      "> quote",
      ">quote",
      "    code",
      "\tcode",
      "  \t  code",
      "`code` ``code``",
      "```\ncode\n```",
      "~~~\ncode\n~~~",
      "~~gone~~",
      "<b>bold</b><script>alert(1)</script>",
      "<!-- -->",
      "<?php ?>",
      "<font color=red>red</font>",
      "*emphasis* **strong** ***both***",
      "_emphasis_ __strong__ snake_case_name",
      "a | b\n--|--\n1 | 2",
      ":--",
      "&amp; &lt;b&gt; &#35; &#x40;all &nbsp;",
      "trailing  ",
      "trailing\\",
      "\\# \\* \\[",
      "line one\nline two\r\nline three\rline four",
      "para\n\n# heading",
      "ends like a heading #",
      "ends like a heading ###",
      "java killed ×1,051",
      "disk · 12 alerts · 999 hits",
      "磁盘 · 12 个告警 · 命中 999 次",
      "x ×1,051 · still firing, 999 hits in total",
      "\xE2\x80\xAE"
      "gnp.exe",
      "\xE2\x80\xA8# line separator",
      "\xC2\x85# next line",
      "\xE2\x90\xA4# symbol for newline",
      "\x1b[31mred\x1b[0m \a\b\v\f\x7f",
      std::string("nul\0nul", 7),
      "\xFF\xFE overlong \xC0\xAF surrogate \xED\xA0\x80 cut \xE4\xB8",
      "\xF3\xA0\x80\x81 tag",
      "C:\\Users\\D \\u0000 \"quoted\"",
      "",
      " ",
      "\n",
  };
}

// clang-format off
inline constexpr std::string_view kFragments[] = {
    "@", "\xEF\xBC\xA0", "all", "所有人", "13800000000", "[", "]", "(", ")", "](", "![", "[x](y)", "http:",
    "https", "://", ":", "/", "//", "www.", "WwW.", "example.com", "mailto:", "dingtalk:", "dtmd:", "<",
    ">", "<b>", "</b>", "<!--", "-->", "<?", "<a href=\"", "\"", "'", "&", "&lt;", "&#64;", "amp;", "#",
    "##", " #", "# ", "=", "==", "-", "--", "---", "- ", "+ ", "*", "**", "***", "_", "__", "~", "~~", "`",
    "```", "|", "|-|", "1.", "1. ", "9) ", ".", "\\", "\\\\", "!", " ", "  ", "    ", "\t", "\n", "\n\n",
    "\r\n", "\r", "\xE2\x80\x8B", "\xE2\x80\xAE", "\xE2\x80\xA8", "\xC2\xA0", "\x1b[0m", "\xFF", "\xE4\xB8",
    "é", "错误", "🔥", "$", "﹫", "&#64;", "&commat;", "&#x40;", "&colon;", "&sol;&sol;", "&lbrack;", "／／", "：",
    "。", "．", "｡", "www。", "http：／／", "ftp://", "xmpp:", "tel:10086", "<https://evil.example>",
    "<a@evil.example>", "evil.example/?q=", "a@evil.example", "[x]: https://evil.example 't'", "[^1]",
    "![x](https://evil.example/a.png)", "[x](<y>)", "<img src=x onerror=y>", "<!DOCTYPE x>", "<![CDATA[",
    "\\[", "\\\\[", "\\@", "\\\n", "  \n", "~~~", "====", "\n---\n", "\xE2\x81\xA6", "\xE2\x81\xA9",
    "\xD8\x9C", "\xEF\xBB\xBF", "\xF3\xA0\x81\x80", "\xE2\x80\x8D", "\xCC\x81\xCC\x82\xCC\x83", "\x7f",
    "×", " ×1,051", "·", " · 999 hits", " · 累计 999 次", "1,051",
    "\xC2\x85", "\xF0\x9F", "\xED\xA0\x80", "@\xE2\x80\x8B", "@\xE2\x81\xA0",
};
// clang-format on

inline std::uint64_t chosen_seed() {
  const char* given = std::getenv("DINGTAIL_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

class Hostile {
 public:
  explicit Hostile(std::uint64_t seed = chosen_seed()) : random_(seed) {
    std::printf("seed: DINGTAIL_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  }

  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

  // Fragments one behind the other; one in a hundred is a long run of itself.
  std::string text(std::size_t most_fragments) {
    std::string out;
    for (std::size_t left = below(most_fragments + 1); left > 0; --left) {
      const std::string piece = fragment();
      for (std::size_t times = below(100) == 0 ? below(300) : 1; times > 0; --times) out += piece;
    }
    return out;
  }

 private:
  std::string fragment() {
    const std::size_t pick = below(std::size(kFragments) + 4);
    if (pick == std::size(kFragments)) return std::string(1, '\0');
    if (pick > std::size(kFragments)) return std::string(1, static_cast<char>(below(256)));
    return std::string(kFragments[pick]);
  }

  std::mt19937_64 random_;
};

}  // namespace dingtail::format
