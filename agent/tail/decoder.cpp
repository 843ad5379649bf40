#include "tail/decoder.h"

#include <algorithm>
#include <array>

namespace dingtail::tail {
namespace {

struct ByteOrderMark {
  std::string_view bytes;
  std::string_view encoding;
};

using namespace std::string_view_literals;
constexpr std::array<ByteOrderMark, 5> kMarks = {{{"\xEF\xBB\xBF"sv, "utf-8"},
                                                  {"\xFF\xFE\0\0"sv, "UTF-32LE"},
                                                  {"\0\0\xFE\xFF"sv, "UTF-32BE"},
                                                  {"\xFF\xFE"sv, "UTF-16LE"},
                                                  {"\xFE\xFF"sv, "UTF-16BE"}}};

}  // namespace

base::Result<Decoder> Decoder::make(const std::vector<std::string>& encodings, std::size_t max_record) {
  Decoder out(max_record);
  for (const auto& name : encodings) TRY(out.number_of(name));
  out.listed_ = out.known_.size();
  return out;
}

base::Result<std::size_t> Decoder::number_of(std::string_view name) {
  const auto known =
      std::find_if(known_.begin(), known_.end(), [&](const Known& k) { return k.name == name; });
  const auto number = static_cast<std::size_t>(known - known_.begin());
  if (known != known_.end()) return number;
  auto opened = base::Encoding::open(name);
  if (!opened) return tl::unexpected(opened.error());
  known_.push_back({std::string(name), std::move(*opened)});
  return number;
}

Form Decoder::form_of(std::string_view first_bytes) {
  Form form;
  const auto mark = std::find_if(kMarks.begin(), kMarks.end(),
                                 [&](const auto& m) { return first_bytes.starts_with(m.bytes); });
  if (mark != kMarks.end()) {
    form.mark_size = mark->bytes.size();
    form.encoding = number_of(mark->encoding).value_or(0);
    const auto unit = known_[form.encoding].encoding.newline().size();
    const bool expected =
        std::any_of(known_.begin(), known_.begin() + static_cast<std::ptrdiff_t>(listed_),
                    [&](const Known& listed) { return listed.encoding.newline().size() == unit; });
    if (!expected) form.not_expected = mark->encoding;
  }
  form.lines = {max_record_, Newline(known_[form.encoding].encoding.newline())};
  return form;
}

std::string_view Decoder::decode(std::string_view lines, std::uint64_t offset, const Form& form) {
  if (offset < form.mark_size) {
    const auto mark_left = std::min(form.mark_size - static_cast<std::size_t>(offset), lines.size());
    lines.remove_prefix(mark_left);
    offset += mark_left;
  }
  if (known_[form.encoding].encoding.is_same(lines) && bytes_beyond(lines, offset, form.lines) == 0)
    return lines;
  decoded_.clear();
  while (!lines.empty()) {
    const auto end = form.lines.newline.find(lines, offset);
    const bool complete = end != std::string_view::npos;
    const auto size = std::min(end, lines.size());
    const bool whole = complete && size <= max_record_;
    add_line(lines.substr(0, std::min(size, max_record_)),
             whole ? base::Encoding::End::kWhole : base::Encoding::End::kCut, form);
    if (complete) decoded_ += '\n';
    const auto step = std::min(size + form.lines.newline.size(), lines.size());
    lines.remove_prefix(step);
    offset += step;
  }
  return decoded_;
}

void Decoder::add_line(std::string_view line, base::Encoding::End end, const Form& form) {
  auto& first = known_[form.encoding].encoding;
  if (first.decode(line, end, decoded_)) return;
  for (std::size_t i = 0; i < listed_; ++i) {
    auto& next = known_[i].encoding;
    if (i != form.encoding && next.newline() == first.newline() && next.decode(line, end, decoded_)) return;
  }
  first.decode_lossily(line, end, decoded_);
}

}  // namespace dingtail::tail
