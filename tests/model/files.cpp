#include "model/files.h"

#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace dingtail::model {
namespace {

std::string gzipped(const std::string& content) {
  z_stream stream{};
  if (::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string out(::deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (::deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

}  // namespace

std::int64_t file_time() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

void await_tick() {
  for (const auto now = file_time(); file_time() == now;)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void check(bool holds, const std::string& doing) {
  if (!holds) throw std::runtime_error(doing + ": " + std::strerror(errno));
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  check(in.good(), "reading " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void append(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << bytes;
  out.close();
  check(out.good(), "writing " + path);
}

std::string packed(const std::string& content, const std::string& extension) {
  if (extension == ".gz") return gzipped(content);
  std::string out(::ZSTD_compressBound(content.size()), '\0');
  const auto size = ::ZSTD_compress(out.data(), out.size(), content.data(), content.size(), 1);
  if (::ZSTD_isError(size) != 0U) throw std::runtime_error(::ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

}  // namespace dingtail::model
