#include "tail/decompress.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace dingtail::tail {
namespace {

constexpr std::size_t kKept = 1UL << 20U;
constexpr std::size_t kWindow = 2 * kKept;
constexpr std::size_t kStep = 64UL << 10U;  // of input and of output, at the most
constexpr int kStepsAtOnce = 16;

struct Progress {
  std::size_t consumed = 0;
  std::size_t produced = 0;
  const char* damage = nullptr;
};

}  // namespace

// A stream of members (gzip) or frames (zstd), one after the other.
class Codec {
 public:
  Codec() = default;
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;
  virtual ~Codec() = default;

  virtual Progress decode(std::span<char> in, std::span<char> out) = 0;
  virtual void reset() = 0;
  // Between two members, and behind the last one.
  [[nodiscard]] bool is_complete() const { return complete_; }
  // There may be output without further input.
  [[nodiscard]] bool has_output() const { return has_output_; }

 protected:
  void set(bool complete, bool has_output) {
    complete_ = complete;
    has_output_ = has_output;
  }

 private:
  bool complete_ = false;
  bool has_output_ = false;
};

namespace {

class Gzip : public Codec {
 public:
  Gzip() : ready_(::inflateInit2(&stream_, kGzipOnly) == Z_OK) {}
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() override { ::inflateEnd(&stream_); }

  [[nodiscard]] bool ready() const { return ready_; }

  Progress decode(std::span<char> in, std::span<char> out) override {
    if (is_complete()) ::inflateReset(&stream_);
    stream_.next_in = reinterpret_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int answer = ::inflate(&stream_, Z_NO_FLUSH);
    Progress done{in.size() - stream_.avail_in, out.size() - stream_.avail_out};
    set(answer == Z_STREAM_END, answer != Z_STREAM_END && stream_.avail_out == 0);
    if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR)
      done.damage = stream_.msg != nullptr ? stream_.msg : "no gzip data";
    return done;
  }

  void reset() override {
    ::inflateReset(&stream_);
    set(false, false);
  }

 private:
  static constexpr int kGzipOnly = MAX_WBITS + 16;

  z_stream stream_{};
  bool ready_;
};

class Zstd : public Codec {
 public:
  Zstd() : stream_(::ZSTD_createDStream()) {}

  [[nodiscard]] bool ready() const { return stream_ != nullptr; }

  // One block at a time: a damaged one takes none of its call's output with it.
  Progress decode(std::span<char> in, std::span<char> out) override {
    ZSTD_inBuffer from{in.data(), std::min(in.size(), wanted_), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t answer = ::ZSTD_decompressStream(stream_.get(), &to, &from);
    Progress done{from.pos, to.pos};
    if (::ZSTD_isError(answer) != 0U) {
      done.damage = ::ZSTD_getErrorName(answer);
      return done;
    }
    wanted_ = answer == 0 ? kFirst : answer;
    set(answer == 0, answer != 0 && to.pos == to.size);
    return done;
  }

  void reset() override {
    ::ZSTD_DCtx_reset(stream_.get(), ZSTD_reset_session_only);
    wanted_ = kFirst;
    set(false, false);
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ::ZSTD_freeDStream(stream); }
  };
  static constexpr std::size_t kFirst = 5;  // enough to be told how much more is wanted

  std::unique_ptr<ZSTD_DStream, Free> stream_;
  std::size_t wanted_ = kFirst;
};

template <class Kind>
std::unique_ptr<Codec> make() {
  auto codec = std::make_unique<Kind>();
  return codec->ready() ? std::move(codec) : nullptr;
}

}  // namespace

bool can_decompress(std::string_view path) {
  return path.ends_with(".gz") || path.ends_with(".zst");
}

base::Result<std::unique_ptr<Decompressed>> Decompressed::open(const std::string& path) {
  if (!can_decompress(path)) return base::fail(base::Code::kInvalid, "neither .gz nor .zst");
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) return base::fail_errno("open", errno);
  const auto info = stat_file(fd.get());
  if (!info) return tl::unexpected(info.error());
  if (!info->regular) return base::fail(base::Code::kInvalid, "not a regular file");
  auto codec = path.ends_with(".gz") ? make<Gzip>() : make<Zstd>();
  if (codec == nullptr) return base::fail(base::Code::kFailed, "no memory to decompress it");
  return std::unique_ptr<Decompressed>(new Decompressed(std::move(fd), std::move(codec)));
}

Decompressed::Decompressed(base::Fd fd, std::unique_ptr<Codec> codec)
    : fd_(std::move(fd)), codec_(std::move(codec)), input_(new char[kStep]), window_(new char[kWindow]) {}

Decompressed::~Decompressed() = default;

ReadAt Decompressed::reader() {
  return [this](std::span<char> into, std::uint64_t offset) { return read(into, offset); };
}

base::Result<std::size_t> Decompressed::read(std::span<char> into, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < into.size()) {
    if (const auto had = copy(into.subspan(done), offset + done); had > 0) {
      done += had;
    } else if (offset + done < begin_) {
      rewind();
    } else {
      const auto more = step();
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
    }
  }
  if (done == 0 && !into.empty()) TRY(end());
  return done;
}

base::Result<bool> Decompressed::advance(std::uint64_t offset) {
  if (offset < begin_ && offset >= head_.size()) rewind();
  for (int i = 0; i < kStepsAtOnce && end_ < offset; ++i) {
    const auto more = step();
    if (!more || !*more) return more.map([](bool) { return true; });
  }
  return end_ >= offset;
}

base::Status Decompressed::end() const {
  const auto where = std::to_string(end_) + " bytes of its content";
  if (!damage_.empty()) return base::fail(base::Code::kInvalid, "damaged after " + where + ": " + damage_);
  if (!codec_->is_complete()) return base::fail(base::Code::kBusy, "ends early, after " + where);
  return {};
}

void Decompressed::rewind() {
  codec_->reset();
  input_begin_ = input_end_ = 0;
  file_offset_ = begin_ = end_ = 0;
  damage_.clear();
}

// From what is kept.
std::size_t Decompressed::copy(std::span<char> into, std::uint64_t offset) const {
  std::string_view kept;
  if (offset < head_.size())
    kept = std::string_view(head_).substr(offset);
  else if (offset >= begin_ && offset < end_)
    kept = {&window_[offset - begin_], end_ - offset};
  return kept.copy(into.data(), into.size());
}

// Decodes once; false where there is nothing more to decode now.
base::Result<bool> Decompressed::step() {
  if (!damage_.empty()) return false;
  if (input_begin_ == input_end_) {
    auto filled = refill();
    if (!filled || (!*filled && !codec_->has_output())) return filled;
  }
  if (end_ - begin_ + kStep > kWindow) {
    std::memmove(window_.get(), &window_[end_ - begin_ - kKept], kKept);
    begin_ = end_ - kKept;
  }
  const auto done =
      codec_->decode({&input_[input_begin_], input_end_ - input_begin_}, {&window_[end_ - begin_], kStep});
  input_begin_ += done.consumed;
  keep(done.produced);
  if (done.damage != nullptr) damage_ = done.damage;
  return true;
}

base::Result<bool> Decompressed::refill() {
  const auto got = ::pread(fd_.get(), input_.get(), kStep, static_cast<off_t>(file_offset_));
  if (got < 0) return base::fail_errno("read", errno);
  input_begin_ = 0;
  input_end_ = static_cast<std::size_t>(got);
  file_offset_ += input_end_;
  return got > 0;
}

void Decompressed::keep(std::size_t produced) {
  if (head_.size() < kHeadBytes && end_ == head_.size())
    head_.append(&window_[end_ - begin_], std::min(produced, kHeadBytes - head_.size()));
  end_ += produced;
}

}  // namespace dingtail::tail
