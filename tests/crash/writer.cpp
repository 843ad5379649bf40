#include "crash/writer.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "crash/file.h"

namespace dingtail::crash {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKept = 3;       // rotated files, as long as all can be deleted
constexpr std::size_t kMostKept = 12;  // then a file is not rotated

void sync_path(const std::string& path) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (::fsync(fd.get()) != 0) throw std::runtime_error("fsync " + path);
}

// As gzip(1) does: the original's time stays, and it goes when the other is complete.
void compress(const std::string& path, Sync sync) {
  const std::string text = content(path);
  const std::string to = path + ".gz";
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(::gzopen(to.c_str(), "wb"), ::gzclose);
  if (!file ||
      ::gzwrite(file.get(), text.data(), static_cast<unsigned>(text.size())) != static_cast<int>(text.size()))
    throw std::runtime_error("compressing " + path);
  file.reset();
  fs::last_write_time(to, fs::last_write_time(path));
  if (sync == Sync::kYes) sync_path(to);
  fs::remove(path);
}

}  // namespace

const std::vector<std::string>& rotation_names() {
  static const std::vector<std::string> names = {"rename", "keep-old", "date", "copytruncate", "compress"};
  return names;
}

Writer::Writer(std::string directory, const std::vector<std::string>& rotations, std::uint32_t seed,
               Sync sync, Robot& robot)
    : directory_(std::move(directory)), random_(seed), sync_(sync), robot_(robot) {
  fs::create_directories(directory_);
  const auto& names = rotation_names();
  for (const auto& name : rotations) {
    const auto index = std::find(names.begin(), names.end(), name) - names.begin();
    Log log;
    log.path = directory_ + "/" + name + ".log";
    log.rotation = static_cast<Rotation>(index);
    begin(log);
    logs_.push_back(std::move(log));
  }
}

std::uint64_t Writer::random(std::uint64_t least, std::uint64_t most) {
  return std::uniform_int_distribution<std::uint64_t>(least, most)(random_);
}

void Writer::begin(Log& log) {
  open(log);
  log.left = random(30, 200);
}

void Writer::open(Log& log) {
  log.fd = base::Fd(::open(log.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!log.fd) throw std::runtime_error("open " + log.path);
}

void Writer::open() {
  for (auto& log : logs_) open(log);
}

void Writer::close() {
  for (auto& log : logs_) log.fd = base::Fd();
}

void Writer::write(Log& log, const std::string& text) {
  if (::write(log.fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("write " + log.path);
  if (sync_ == Sync::kYes && ::fdatasync(log.fd.get()) != 0)
    throw std::runtime_error("fdatasync " + log.path);
}

std::string Writer::next_line(std::uint64_t part) {
  ++written_[part];
  return "line " + std::to_string(lines_++) + " part " + std::to_string(part) + "\n";
}

void Writer::step() {
  auto& log = logs_[random(0, logs_.size() - 1)];
  drop_told(log);
  if (log.left == 0 && log.old.size() < kMostKept)
    rotate(log);
  else
    write_lines(log);
}

void Writer::write_lines(Log& log) {
  std::string text = std::exchange(log.unfinished, {});
  const auto count = random(1, 40);
  for (std::uint64_t i = 0; i < count; ++i) {
    log.last_part = lines_ / kLinesAPart;
    text += next_line(log.last_part);
  }
  log.left -= std::min(log.left, count);
  if (random(0, 3) == 0) {  // half a line for now
    const auto keep = text.size() - random(1, 8);
    log.unfinished = text.substr(keep);
    text.resize(keep);
  }
  write(log, text);
}

void Writer::rotate(Log& log) {
  write(log, std::exchange(log.unfinished, {}));
  if (log.rotation == Rotation::kDate) {
    log.old.push_front({"-20261121-" + std::to_string(1'700'000'000 + rotations_), log.last_part});
    fs::rename(log.path, log.path + log.old.front().ending);
  } else {
    shift(log);
    if (log.rotation == Rotation::kCopyTruncate)
      copy_and_empty(log);
    else
      fs::rename(log.path, log.path + ".1");
  }
  if (log.rotation == Rotation::kKeepOld) {
    write_lines(log);
    write(log, std::exchange(log.unfinished, {}));
    log.old.front().last_part = log.last_part;
  }
  if (log.rotation != Rotation::kCopyTruncate) begin(log);
  if (sync_ == Sync::kYes) sync_path(directory_);
  ++rotations_;
}

// app.log.1 → app.log.2 and so on, so that app.log.1 is free.
void Writer::shift(Log& log) {
  for (auto i = log.old.size(); i > 0; --i) {
    auto& old = log.old[i - 1];
    const std::string from = log.path + old.ending;
    old.ending = "." + std::to_string(i + 1) + (old.ending.ends_with(".gz") ? ".gz" : "");
    fs::rename(from, log.path + old.ending);
  }
  if (log.rotation == Rotation::kCompress && !log.old.empty()) {
    auto& old = log.old.front();
    compress(log.path + old.ending, sync_);
    old.ending += ".gz";
  }
  log.old.push_front({".1", log.last_part});
}

void Writer::copy_and_empty(Log& log) {
  std::ofstream(log.path + ".1", std::ios::binary) << content(log.path);
  if (sync_ == Sync::kYes) {
    sync_path(log.path + ".1");
    sync_path(directory_);
  }
  if (::ftruncate(log.fd.get(), 0) != 0) throw std::runtime_error("ftruncate " + log.path);
  if (sync_ == Sync::kYes) sync_path(log.path);
  log.left = random(30, 200);
}

void Writer::drop_told(Log& log) {
  while (robot_.told_of(told_below_) >= kLinesAPart) ++told_below_;
  while (log.old.size() > kKept && log.old.back().last_part < told_below_) {
    fs::remove(log.path + log.old.back().ending);
    log.old.pop_back();
  }
}

void Writer::finish() {
  for (auto& log : logs_) write(log, std::exchange(log.unfinished, {}));
}

void Writer::write_last() {
  write(logs_.front(), next_line(lines_ / kLinesAPart + 1));
}

}  // namespace dingtail::crash
