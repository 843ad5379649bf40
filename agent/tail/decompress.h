// A rotated file that was compressed (.gz, .zst), read as though it were not: offsets are those of its
// content. Decompresses forward and keeps the content's beginning and its last MiB, so that a step back costs
// nothing; a longer one decompresses from the beginning again. Memory does not grow with the content. Which
// file it is, and what of it is unread, is the tailer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "tail/identity.h"

namespace dingtail::tail {

// By its name: .gz .zst
bool can_decompress(std::string_view path);

class Codec;

class Decompressed {
 public:
  // A regular file whose name says how it is compressed.
  static base::Result<std::unique_ptr<Decompressed>> open(const std::string& path);
  ~Decompressed();
  Decompressed(const Decompressed&) = delete;
  Decompressed& operator=(const Decompressed&) = delete;

  // As ReadAt: fewer bytes than asked for mean that there are no more now. Where they end before the content
  // does, the next read, which finds nothing, fails as end() says.
  base::Result<std::size_t> read(std::span<char> into, std::uint64_t offset);
  // Lives as long as this object.
  [[nodiscard]] ReadAt reader();

  // Goes about a MiB further towards the offset. True when it is there, or can come no further now; until
  // then a read at the offset would go all the way in one call.
  base::Result<bool> advance(std::uint64_t offset);

  // After the last bytes were read. kBusy: the file ends early; it is being written still, or was cut off (a
  // later read goes on with what was added). kInvalid: it is damaged there.
  [[nodiscard]] base::Status end() const;

  // Of the compressed file.
  [[nodiscard]] base::Result<FileStat> stat() const { return stat_file(fd_.get()); }

 private:
  Decompressed(base::Fd fd, std::unique_ptr<Codec> codec);
  void rewind();
  base::Result<bool> step();
  base::Result<bool> refill();
  void keep(std::size_t produced);
  std::size_t copy(std::span<char> into, std::uint64_t offset) const;

  base::Fd fd_;
  std::unique_ptr<Codec> codec_;
  std::unique_ptr<char[]> input_;  // compressed; [input_begin_, input_end_) is not decoded yet
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  std::uint64_t file_offset_ = 0;   // behind input_
  std::string head_;                // the content's first bytes
  std::unique_ptr<char[]> window_;  // [begin_, end_) of the content
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::string damage_;  // empty: none yet
};

}  // namespace dingtail::tail
