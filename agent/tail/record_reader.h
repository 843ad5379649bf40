// Records of files: whole lines, decoded, and joined where their source says so. One for all files. Keeps
// what lies between a file's lines and its records: the open multiline record of each path, which is carried
// from a rotated file to its successor.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/config.h"
#include "tail/block.h"
#include "tail/decoder.h"
#include "tail/line_buffer.h"
#include "tail/multiline.h"
#include "tail/tailed_file.h"

namespace dingtail::tail {

using Sink = std::function<void(const Block&)>;

class RecordReader {
 public:
  RecordReader();

  // REQUIRES: config::Source::encoding is of base::is_encoding(). Open records are dropped: see `held`.
  void set_sources(const std::vector<config::Source>& sources,
                   std::vector<Multiline::LineStarts> line_starts);

  // To where read_from = "end" begins: behind the last complete line of its `size` bytes.
  void begin_at_end(TailedFile& file, std::uint64_t size);

  struct Outcome {
    std::size_t bytes = 0;        // read
    std::uint64_t bytes_cut = 0;  // beyond max_record
    bool at_end = false;
    bool rewritten = false;  // not what was read of it stands there: nothing was taken
  };
  // Hands out what is complete at the file's cursor, about `budget_bytes` of it. The file is open.
  base::Result<Outcome> read(TailedFile& file, base::Now now, std::size_t budget_bytes, const Sink& sink);
  // The partial line at its end as a last one.
  base::Result<Outcome> rest(TailedFile& file, base::Now now, const Sink& sink);

  // Where the open record begins in that file; null: none is open there. A restart begins there.
  [[nodiscard]] const Cursor* held(FileId id) const;
  // Files that hold no open record any more.
  std::vector<FileId> take_released() { return std::exchange(released_, {}); }

  // The paths whose open record waits in vain for another line, with the file of the last one.
  [[nodiscard]] std::vector<std::pair<std::string, FileId>> overdue(base::Now now) const;
  [[nodiscard]] std::optional<base::Mono> next_deadline() const;
  // The open record of that path is complete.
  void end(const std::string& path, const Sink& sink);
  // It will be read again from its beginning.
  void drop(const std::string& path);
  // What was read of a file is another's now, where it is read on: so is its part of the open record.
  void move(FileId from, FileId to);

 private:
  struct Source {
    std::string name;
    Decoder decoder;
    std::optional<config::Multiline> multiline;
    Multiline::LineStarts starts;
    std::size_t max_record = 0;
  };
  struct OpenRecord {
    Multiline joiner;
    std::string source;
    base::Millis timeout{0};
    FileId file;               // whose line came last
    std::uint64_t begin = 0;   // in that file: where its part begins
    std::vector<FileId> held;  // the files whose lines are in it
    base::Mono last_line{};
  };

  const Form& form_of(TailedFile& file, Source& source);
  base::Result<Outcome> rest_of(TailedFile& file, const ReadAt& bytes, base::Now now, const Sink& sink);
  bool pass_hole(TailedFile& file, std::uint64_t end, base::Now now, const Sink& sink);
  void hand_out(TailedFile& file, const Lines& lines, std::uint64_t offset, base::Now now, Outcome& outcome,
                const Sink& sink);
  OpenRecord& record_of(const TailedFile& file, std::uint64_t offset, const Sink& sink);
  void join(TailedFile& file, const Lines& lines, std::uint64_t offset, base::Now now, const Sink& sink);
  void release(OpenRecord& record);

  std::vector<Source> sources_;
  LineBuffer buffer_;
  std::map<std::string, OpenRecord> open_;  // by path
  std::map<FileId, Cursor> held_;
  std::vector<FileId> released_;
};

}  // namespace dingtail::tail
