#include "tail/tailed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "tail/glob.h"

namespace dingtail::tail {

base::Result<bool> TailedFile::open() {
  if (is_open()) return true;
  if (compressed()) return open_compressed();
  base::Fd fd(::open(at().c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return false;
  if (!fd) return base::fail_errno("open", errno);
  const auto opened = stat_file(fd.get());
  if (!opened) return tl::unexpected(opened.error());
  if (opened->id != id_) return false;
  fd_ = std::move(fd);
  return true;
}

base::Result<bool> TailedFile::open_compressed() {
  const auto there = stat_file(at());
  if (!there || there->id != id_) return false;
  auto content = Decompressed::open(at());
  if (!content) return tl::unexpected(std::move(content).error());
  const auto opened = (*content)->stat();
  if (!opened || opened->id != id_) return false;  // the name was given to another file just now
  content_ = std::move(*content);
  return true;
}

void TailedFile::close() {
  fd_ = {};
  content_.reset();
}

base::Result<TailedFile::Seen> TailedFile::look() {
  if (compressed()) return look_compressed();
  const auto info = fd_ ? stat_file(fd_.get()) : stat_file(at());
  if (!info && !fd_ && info.error().code == base::Code::kNotFound) return Seen::kMoved;
  if (!info) return tl::unexpected(info.error());
  if (info->id != id_) return Seen::kMoved;
  deleted_ = info->links == 0;
  sparse_ = info->allocated < info->size;
  const bool touched = changed_ != info->changed;
  if (!touched && info->size == cursor.scanned_to) return Seen::kNothing;
  const auto opened = open();
  if (!opened) size_ = std::max(size_, info->size);  // what it held is told should it go away
  if (!opened) return tl::unexpected(opened.error());
  if (!*opened) return Seen::kMoved;
  changed_ = info->changed;
  auto seen = compare(*info);
  if (seen && *seen != Seen::kRewritten) size_before_ = std::exchange(size_, info->size);
  return seen;
}

base::Result<TailedFile::Seen> TailedFile::compare(const FileStat& info) const {
  if (info.size < cursor.scanned_to) return Seen::kRewritten;
  if (cursor.position < head.size) {  // too little was read to tell by that alone
    const auto same = holds(reader(), 0, head);
    if (!same) return tl::unexpected(same.error());
    if (!*same) return Seen::kRewritten;
  }
  if (info.size > cursor.scanned_to && info.size >= size_)
    return Seen::kMore;  // reading makes sure of what stands before
  const auto same = holds(reader(), cursor.position - cursor.tail.size, cursor.tail);
  if (!same) return tl::unexpected(same.error());
  const bool shrunk = info.size < size_ && cursor.position == 0;
  if (!*same || shrunk) return Seen::kRewritten;
  return info.size > cursor.scanned_to ? Seen::kMore : Seen::kNothing;
}

bool TailedFile::intact() const {
  const auto info = fd_ ? stat_file(fd_.get()) : base::Result<FileStat>(FileStat{});
  if (!info) return true;
  const auto seen = compare(*info);
  if (!seen || *seen != Seen::kMore) return !seen || *seen == Seen::kNothing;
  const auto same = holds(reader(), cursor.position - cursor.tail.size, cursor.tail);
  return !same || *same;
}

base::Result<TailedFile::Seen> TailedFile::look_compressed() {
  const auto info = content_ ? content_->stat() : stat_file(at());
  if (!info && !content_ && info.error().code == base::Code::kNotFound) return Seen::kMoved;
  if (!info) return tl::unexpected(info.error());
  if (info->id != id_) return Seen::kMoved;
  deleted_ = info->links == 0;
  const bool touched = std::exchange(changed_, info->changed) != info->changed;
  if (touched && content_) at_end_ = false;  // it grew; one that was read in the last run did not
  if (at_end_) return Seen::kNothing;
  const auto opened = open();
  if (!opened) return tl::unexpected(opened.error());
  if (!*opened) return Seen::kMoved;
  const auto near = content_->advance(cursor.scanned_to);
  if (!near) return tl::unexpected(near.error());
  return *near ? Seen::kMore : Seen::kFar;
}

base::Status TailedFile::content_end() const {
  return content_ ? content_->end() : base::Status{};
}

std::optional<std::uint64_t> TailedFile::hole_end() const {
  constexpr std::uint64_t kMostPadding = 64UL * 1024;  // the largest blocks in use
  if (!fd_ || !sparse_ || size_ <= cursor.scanned_to) return std::nullopt;
  const auto from = static_cast<off_t>(cursor.scanned_to);
  const off_t data = ::lseek(fd_.get(), from, SEEK_DATA);
  if (data < 0 && errno == ENXIO) return size_;
  if (data <= from) return std::nullopt;
  const auto begin = static_cast<std::uint64_t>(data);
  std::vector<char> bytes(kMostPadding);
  const auto got = reader()(bytes, begin);
  const auto size = static_cast<std::ptrdiff_t>(got ? *got : 0);
  const auto first = std::find_if(bytes.begin(), bytes.begin() + size, [](char c) { return c != '\0'; });
  return begin + static_cast<std::uint64_t>(first - bytes.begin());
}

std::optional<FileStat> TailedFile::stat() const {
  if (!fd_) return std::nullopt;
  auto info = stat_file(fd_.get());
  return info ? std::optional(*info) : std::nullopt;
}

void TailedFile::skip_to(std::uint64_t position) {
  const auto before = std::min<std::uint64_t>(position, kTailBytes);
  const auto tail = read_mark(reader(), position - before, static_cast<std::size_t>(before));
  cursor = Cursor::at(position, tail.value_or(Mark{}));
}

bool TailedFile::grow_head() {
  const auto seen =
      std::min<std::uint64_t>(std::max<std::uint64_t>({size_, cursor.scanned_to, head.size}), kHeadBytes);
  std::array<char, kHeadBytes> bytes{};
  const auto got = reader()({bytes.data(), static_cast<std::size_t>(seen)}, 0);
  if (!got) return true;
  const std::string_view there(bytes.data(), *got);
  if (head.size > 0 && mark_of(there.substr(0, static_cast<std::size_t>(head.size))) != head) return false;
  head = mark_of(there);
  return true;
}

void TailedFile::note(const FileStat& info) {
  size_ = std::max(size_, info.size);
  if (head.size == 0) age = info.modified;
}

void TailedFile::see(std::uint64_t size) {
  if (compressed()) return;
  size_ = size_before_ = size;
  grow_head();
}

void TailedFile::see() {
  if (const auto info = stat()) see(info->size);
}

void TailedFile::be_copy(const TailedFile& of, std::uint64_t size) {
  const auto before = std::min<std::uint64_t>(size, kTailBytes);
  const auto tail = read_mark(of.reader(), size - before, static_cast<std::size_t>(before));
  cursor = Cursor::at(size, tail.value_or(Mark{}));
  life = Life::kCopy;
  twin = std::make_unique<const FileId>(of.id());
  size_ = size_before_ = size;
  head = read_mark(of.reader(), 0, static_cast<std::size_t>(std::min<std::uint64_t>(size, kHeadBytes)))
             .value_or(Mark{});
  at_end_ = rest_read = compressed();
}

void TailedFile::start_anew() {
  cursor = {};
  head = {};
  size_ = size_before_ = 0;
  form.reset();
}

ReadAt TailedFile::reader() const {
  if (content_) return content_->reader();
  return [fd = fd_.get(), sparse = sparse_](std::span<char> into,
                                            std::uint64_t offset) -> base::Result<std::size_t> {
    if (sparse) {
      const off_t hole = ::lseek(fd, static_cast<off_t>(offset), SEEK_HOLE);
      if (hole > static_cast<off_t>(offset))
        into = into.first(std::min(into.size(), static_cast<std::size_t>(hole) - offset));
    }
    while (true) {
      const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return base::fail_errno("read", errno);
    }
  };
}

bool TailedFile::is_overwritten() const {
  const auto info = stat();
  if (!info || life != Life::kRotated || compressed()) return false;
  const bool truncated_by_its_writer = info->size > 0 && info->size < cursor.position;
  return !truncated_by_its_writer && !intact() && (rotated_whole || differs_from_compressed());
}

// What stands beside it, compressed, begins otherwise.
bool TailedFile::differs_from_compressed() const {
  return std::ranges::any_of(kCompressed, [&](std::string_view ending) {
    const auto path = at() + std::string(ending);
    const auto info = stat_entry(path);
    if (!can_decompress(path) || !info || !info->regular) return false;
    TailedFile other(info->id, spot_);
    other.move_to(path);
    const auto opened = other.open();
    if (!opened || !*opened) return false;
    std::array<char, kTailBytes> ours{};
    std::array<char, kTailBytes> theirs{};
    const auto here = reader()(ours, 0);
    const auto there = other.reader()(theirs, 0);
    if (!here || !there || *there == 0) return false;
    return *here == 0 || !std::equal(ours.begin(), ours.begin() + std::min(*here, *there), theirs.begin());
  });
}

void TailedFile::go_back_to(const Cursor& from) {
  cursor = from;
  at_end_ = rest_read = false;
}

void TailedFile::resume(const FileState& state) {
  cursor = Cursor::at(state.position, state.tail);
  head = state.head;
  age = state.age;
  size_ = size_before_ = state.size;
  life = state.life;
  twin = life == Life::kCopy ? std::make_unique<const FileId>(state.twin) : nullptr;
  at_end_ = compressed() && state.id == id_ && state.size == state.position;
  rest_read = at_end_;
}

FileState TailedFile::state(const std::string& source, const Cursor& from) const {
  // How large a compressed file's content is shows at its end.
  const auto size = compressed() ? cursor.position + (at_end_ ? 0 : 1) : std::max(size_, cursor.position);
  return {id_, spot_.path, spot_.real, source,    from.position,          size,
          age, life,       head,       from.tail, twin ? *twin : FileId{}};
}

void TailedFile::move_to(std::string at) {
  renamed_to_ = std::make_unique<std::string>(std::move(at));
}

void TailedFile::found_at(Spot spot) {
  renamed_to_.reset();
  spot_ = std::move(spot);
}

}  // namespace dingtail::tail
