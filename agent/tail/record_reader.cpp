#include "tail/record_reader.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace dingtail::tail {
namespace {

constexpr std::size_t kBufferBytes = 256UL * 1024;

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Little or nothing stands before the first lines that reading them could make sure of: it is the file's
// beginning that tells whether they follow what was seen. False: they do not, and the cursor is where it was.
bool is_continued(TailedFile& file, const Cursor& before) {
  if (before.position >= kHeadBytes || file.grow_head()) return true;
  file.cursor = before;
  return false;
}

}  // namespace

RecordReader::RecordReader() : buffer_(kBufferBytes) {}

void RecordReader::set_sources(const std::vector<config::Source>& sources,
                               std::vector<Multiline::LineStarts> line_starts) {
  sources_.clear();
  open_.clear();
  held_.clear();
  line_starts.resize(sources.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto& source = sources[i];
    auto decoder = Decoder::make(source.encoding, source.max_record_bytes);
    assert(decoder);
    sources_.push_back({source.name, std::move(*decoder), source.multiline, std::move(line_starts[i]),
                        source.max_record_bytes});
    buffer_.grow(source.max_record_bytes + 1);
  }
}

const Form& RecordReader::form_of(TailedFile& file, Source& source) {
  const bool known = file.form && file.cursor.position > file.form->mark_size;
  if (!known) {
    std::array<char, Decoder::kFirstBytes> first{};
    const auto got = file.reader()(first, 0);
    file.form = source.decoder.form_of({first.data(), got.value_or(0)});
    if (file.cursor.scanned_to == 0 && file.form->mark_size > 0) file.skip_to(file.form->mark_size);
  }
  return *file.form;
}

void RecordReader::begin_at_end(TailedFile& file, std::uint64_t size) {
  constexpr std::size_t kSought = 64UL * 1024;
  file.cursor = Cursor::at(size);
  if (const auto opened = file.open(); !opened || !*opened)
    return;  // not readable now: whole lines begin where it ended when first seen
  const auto newline = form_of(file, sources_[file.source()]).lines.newline;
  std::vector<char> last(std::min<std::uint64_t>(size, kSought));
  const std::uint64_t from = size - last.size();
  const auto got = file.reader()(last, from);
  if (!got) return;
  const auto end = newline.rfind({last.data(), *got}, from);
  if (end != std::string_view::npos)
    file.skip_to(from + end + newline.size());
  else if (from == 0)
    file.cursor = {};
  file.grow_head();
}

base::Result<RecordReader::Outcome> RecordReader::read(TailedFile& file, base::Now now,
                                                       std::size_t budget_bytes, const Sink& sink) {
  Outcome outcome;
  auto& source = sources_[file.source()];
  while (outcome.bytes < budget_bytes && !outcome.at_end) {
    if (const auto hole_end = file.hole_end()) {
      outcome.at_end = *hole_end >= file.size();
      if (outcome.at_end) break;
      if (!pass_hole(file, *hole_end, now, sink)) {
        outcome.rewritten = true;
        break;
      }
    }
    const auto& form = form_of(file, source);
    const auto before = file.cursor;
    const auto lines = buffer_.next(file.reader(), file.cursor, form.lines);
    if (!lines) return tl::unexpected(lines.error());
    outcome.rewritten = lines->rewritten || !is_continued(file, before);
    if (outcome.rewritten) break;
    outcome.at_end = lines->end_of_file && (!file.sparse() || file.cursor.scanned_to >= file.size());
    if (outcome.at_end) file.reached_end();
    outcome.bytes += static_cast<std::size_t>(file.cursor.scanned_to - before.scanned_to);
    hand_out(file, *lines, before.position, now, outcome, sink);
  }
  return outcome;
}

// A partial line before a hole is a record: what follows was not written behind it. False: the file was
// rewritten.
bool RecordReader::pass_hole(TailedFile& file, std::uint64_t end, base::Now now, const Sink& sink) {
  const Sink without_padding = [&](Block block) {
    while (block.bytes.ends_with('\0')) block.bytes.remove_suffix(1);
    if (!block.bytes.empty()) sink(block);
  };
  if (file.cursor.scanned_to > file.cursor.position) {
    const ReadAt before_hole = [&, hole = file.cursor.scanned_to](std::span<char> into,
                                                                  std::uint64_t offset) {
      const auto left = hole > offset ? hole - offset : 0;
      return file.reader()(into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left))),
                           offset);
    };
    const auto partial = rest_of(file, before_hole, now, without_padding);
    if (!partial || partial->rewritten) return false;
  }
  file.skip_to(end);
  return true;
}

base::Result<RecordReader::Outcome> RecordReader::rest(TailedFile& file, base::Now now, const Sink& sink) {
  return rest_of(file, file.reader(), now, sink);
}

base::Result<RecordReader::Outcome> RecordReader::rest_of(TailedFile& file, const ReadAt& bytes,
                                                          base::Now now, const Sink& sink) {
  Outcome outcome;
  const auto& form = form_of(file, sources_[file.source()]);
  const auto before = file.cursor;
  const auto lines = buffer_.rest(bytes, file.cursor, form.lines);
  if (!lines) return tl::unexpected(lines.error());
  outcome.rewritten = lines->rewritten || !is_continued(file, before);
  if (outcome.rewritten) return outcome;
  outcome.bytes = lines->bytes.size();
  hand_out(file, *lines, before.position, now, outcome, sink);
  return outcome;
}

void RecordReader::hand_out(TailedFile& file, const Lines& lines, std::uint64_t offset, base::Now now,
                            Outcome& outcome, const Sink& sink) {
  if (lines.bytes.empty()) return;
  outcome.bytes_cut += lines.bytes_cut;
  auto& source = sources_[file.source()];
  if (source.multiline) {
    join(file, lines, offset, now, sink);
    if (const auto open = open_.find(file.path()); open != open_.end())
      outcome.bytes_cut += open->second.joiner.take_bytes_cut();
    return;
  }
  sink({source.decoder.decode(lines.bytes, offset, *file.form), file.path(), source.name});
}

// The open record of the file's path. A file that is read from its beginning goes on with its predecessor's;
// else another file's line ends it.
RecordReader::OpenRecord& RecordReader::record_of(const TailedFile& file, std::uint64_t offset,
                                                  const Sink& sink) {
  auto known = open_.find(file.path());
  const bool successor = offset <= file.form->mark_size;
  if (known != open_.end() && known->second.file != file.id() && !successor) {
    end(file.path(), sink);
    known = open_.end();
  }
  if (known == open_.end()) {
    const auto& source = sources_[file.source()];
    Multiline joiner(*source.multiline, source.starts, source.max_record);
    OpenRecord fresh{std::move(joiner), source.name, source.multiline->timeout, file.id(), offset, {}, {}};
    known = open_.emplace(file.path(), std::move(fresh)).first;
  }
  auto& record = known->second;
  if (std::exchange(record.file, file.id()) != file.id()) record.begin = offset;
  return record;
}

void RecordReader::join(TailedFile& file, const Lines& lines, std::uint64_t offset, base::Now now,
                        const Sink& sink) {
  auto& source = sources_[file.source()];
  auto& record = record_of(file, offset, sink);
  record.last_line = now.mono;
  std::string_view left = lines.bytes;
  while (!left.empty()) {
    const auto newline = file.form->lines.newline.find(left, offset);
    const auto size =
        newline == std::string_view::npos ? left.size() : newline + file.form->lines.newline.size();
    const auto line = without_end(source.decoder.decode(left.substr(0, size), offset, *file.form));
    if (!record.joiner.is_open()) record.begin = offset;
    if (const auto complete = record.joiner.add(line)) {
      sink({*complete, file.path(), source.name, Block::Holds::kRecord});
      release(record);
      record.begin = offset;
    }
    left.remove_prefix(size);
    offset += size;
  }
  if (std::find(record.held.begin(), record.held.end(), file.id()) == record.held.end())
    record.held.push_back(file.id());
  if (const auto held = held_.find(file.id()); held != held_.end() && held->second.position == record.begin)
    return;
  const auto before = std::min<std::uint64_t>(record.begin, kTailBytes);
  const auto tail = read_mark(file.reader(), record.begin - before, static_cast<std::size_t>(before));
  held_[file.id()] = Cursor::at(record.begin, tail.value_or(Mark{}));
}

void RecordReader::release(OpenRecord& record) {
  for (const auto id : record.held) {
    held_.erase(id);
    released_.push_back(id);
  }
  record.held.clear();
}

const Cursor* RecordReader::held(FileId id) const {
  const auto known = held_.find(id);
  return known == held_.end() ? nullptr : &known->second;
}

std::vector<std::pair<std::string, FileId>> RecordReader::overdue(base::Now now) const {
  std::vector<std::pair<std::string, FileId>> out;
  for (const auto& [path, record] : open_)
    if (now.mono >= record.last_line + record.timeout) out.emplace_back(path, record.file);
  return out;
}

std::optional<base::Mono> RecordReader::next_deadline() const {
  std::optional<base::Mono> out;
  for (const auto& [path, record] : open_) {
    const auto due = record.last_line + record.timeout;
    out = std::min(out.value_or(due), due);
  }
  return out;
}

void RecordReader::end(const std::string& path, const Sink& sink) {
  const auto open = open_.find(path);
  if (open == open_.end()) return;
  auto& record = open->second;
  if (const auto complete = record.joiner.end())
    sink({*complete, path, record.source, Block::Holds::kRecord});
  release(record);
  open_.erase(open);
}

void RecordReader::move(FileId from, FileId to) {
  const auto held = held_.extract(from);
  if (held.empty()) return;
  held_.insert_or_assign(to, held.mapped());
  for (auto& [path, record] : open_) {
    std::replace(record.held.begin(), record.held.end(), from, to);
    if (record.file == from) record.file = to;
  }
}

void RecordReader::drop(const std::string& path) {
  const auto open = open_.find(path);
  if (open == open_.end()) return;
  release(open->second);
  open_.erase(open);
}

}  // namespace dingtail::tail
