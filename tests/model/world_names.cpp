// What becomes of the files' names.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "model/files.h"
#include "model/world.h"

namespace dingtail::model {
namespace {

namespace fs = std::filesystem;

std::string date(int day) {
  const std::chrono::year_month_day at{std::chrono::sys_days{std::chrono::days{20454 + day}}};  // 2026-01-01
  const auto number = static_cast<int>(at.year()) * 10'000U + static_cast<unsigned>(at.month()) * 100U +
                      static_cast<unsigned>(at.day());
  return std::to_string(number);
}

}  // namespace

void World::rename(const std::string& from, const std::string& to) {
  if (const auto was = names_.find(to); was != names_.end()) {
    const auto file = was->second;
    names_.erase(was);
    gone(*file, Fate::kDeleted);
  }
  check(::rename(from.c_str(), to.c_str()) == 0, "rename " + from);
  if (auto node = names_.extract(from); !node.empty()) {
    node.key() = to;
    names_.insert(std::move(node));
  }
}

void World::remove(const std::string& path) {
  check(::unlink(path.c_str()) == 0, "unlink " + path);
  const auto at = names_.find(path);
  if (at == names_.end()) return;
  const auto file = at->second;
  names_.erase(at);
  gone(*file, Fate::kDeleted);
}

// Renames what was rotated before; the name that the next one takes.
std::string World::make_room(Slot& slot) {
  finish_compressing(slot);
  if (!slot.rotated.empty()) await_tick();  // two rotations within one have no order
  while (slot.rotated.size() >= slot.style.keep) drop_oldest(slot);
  if (slot.style.date_names) return slot.path + "-" + date(days_++);
  for (std::size_t n = slot.rotated.size(); n > 0; --n) {
    auto& old = slot.rotated[n - 1];
    const auto to = slot.path + "." + std::to_string(n + 1) + old.extension;
    rename(old.path, to);
    old.path = to;
  }
  return slot.path + ".1";
}

void World::drop_oldest(Slot& slot) {
  remove(slot.rotated.back().path);
  slot.rotated.pop_back();
}

std::string World::rotate(Slot& slot, std::uint32_t how) {
  if (live(slot) == nullptr) return "";
  const auto to = make_room(slot);
  rename(slot.path, to);
  slot.rotated.insert(slot.rotated.begin(), {to, ""});
  std::string said = "renamed " + slot.path + " to " + to;
  if ((how & 1U) != 0) said += "; " + reopen(slot);
  if (!slot.style.compression.empty() && (how & 2U) != 0) said += "; " + compress(slot, 0);
  return said;
}

std::string World::copy_truncate(Slot& slot, std::uint32_t how) {
  const auto file = live(slot);
  if (file == nullptr || !file->readable) return "";
  const auto to = make_room(slot);
  fs::copy_file(slot.path, to);
  auto copy = std::make_shared<File>(*file);
  copy->seen = copy->seen_apart = copy->known = copy->told_apart = false;
  copy->original = file;
  names_[to] = copy;
  if (!copy->pieces.empty() && !copy->pieces.back().whole) lines_[copy->pieces.back().line].parted = true;
  slot.rotated.insert(slot.rotated.begin(), {to, ""});
  std::string said = "copied " + slot.path + " to " + to;
  await_tick();  // what is written anew within the same one has no order with the copy
  if ((how & 12U) == 12U && slot.written == file) said += "; " + write(slot);  // is in no copy
  said += "; " + truncate(slot, how >> 4U);
  if (!slot.style.compression.empty() && (how & 2U) != 0) said += "; " + compress(slot, 0);
  return said;
}

std::string World::truncate(Slot& slot, std::uint32_t how) {
  const auto file = live(slot);
  if (file == nullptr || !file->readable) return "";
  check(::truncate(slot.path.c_str(), 0) == 0, "truncate " + slot.path);
  gone(*file, Fate::kTruncated);
  const auto size = file->size;
  file->pieces.clear();
  file->size = 0;
  file->seen = file->seen_apart = file->known = file->told_apart =
      false;  // another content, which nobody has seen
  std::string said = "truncated " + slot.path + " of " + std::to_string(size) + " bytes";
  if (slot.written != file || (how & 3U) == 0) return said;
  if ((how & 4U) != 0) begin_file(slot);
  if ((how & 3U) == 2 && size > file->size + 20) fill(slot, size - file->size);
  if ((how & 3U) == 3) fill(slot, size + random(200));
  return said + "; " + std::to_string(file->size) + " bytes written anew up to line " +
         std::to_string(lines_.size() - 1);
}

std::string World::replace(Slot& slot, std::uint32_t how) {
  const auto file = live(slot);
  if (file == nullptr || !file->readable) return "";
  const auto path = std::exchange(slot.path, slot.path + ".fresh");
  open_writer(slot);
  put_lines(slot);
  const auto fresh = std::exchange(slot.path, path);
  rename(fresh, path);
  if ((how & 1U) != 0) {
    slot.writer = {};
    slot.written = nullptr;
  }
  return "replaced " + path + " by a file with lines up to " + std::to_string(lines_.size() - 1);
}

std::string World::unlink(Slot& slot, std::uint32_t how) {
  if (live(slot) == nullptr) return "";
  remove(slot.path);
  return "unlinked " + slot.path + ((how & 1U) != 0 ? "; " + reopen(slot) : "");
}

std::string World::remove_directory(Slot& slot) {
  const auto directory = fs::path(slot.path).parent_path().string();
  if (!fs::exists(directory)) return "";
  slot.half.clear();
  slot.half_of.clear();
  slot.rotated.clear();
  slot.writer = {};
  slot.written = nullptr;
  for (const auto& entry : fs::directory_iterator(directory)) remove(entry.path());
  fs::remove(directory);
  return "removed " + directory;
}

std::string World::retarget(Slot& slot, std::uint32_t how) {
  const auto old = slot.target;
  if ((how & 1U) != 0 && !slot.rotated.empty()) {  // back to a former one
    const auto which = static_cast<std::ptrdiff_t>(random(slot.rotated.size()));
    slot.target = slot.rotated[static_cast<std::size_t>(which)].path;
    slot.rotated.erase(slot.rotated.begin() + which);
  } else {
    slot.target = directory_ + "/real/t" + std::to_string(targets_++) + ".log";
  }
  if (names_.contains(old)) slot.rotated.insert(slot.rotated.begin(), {old, ""});
  const auto link = directory_ + "/new-link";
  check(::symlink(slot.target.c_str(), link.c_str()) == 0, "symlink");
  check(::rename(link.c_str(), slot.path.c_str()) == 0, "rename");
  const auto file = live(slot);
  const bool opened = (how & 2U) == 0 && (file == nullptr || file->readable);
  if (opened) open_writer(slot);
  return slot.path + " points to " + slot.target + (opened ? ", and is written" : "");
}

std::string World::hide(Slot& slot) {
  const auto file = live(slot);
  if (file == nullptr || !file->readable) return "";
  check(::chmod(slot.path.c_str(), 0) == 0, "chmod " + slot.path);
  file->readable = false;
  return "chmod 000 " + slot.path;
}

std::string World::show(Slot& slot) {
  std::string said;
  const auto number = static_cast<std::size_t>(&slot - slots_.data());
  for (const auto& [path, file] : names_) {
    if (file->readable || !belongs(path, number)) continue;
    check(::chmod(path.c_str(), 0644) == 0, "chmod " + path);
    file->readable = true;
    said += "chmod 644 " + path + " ";
  }
  return said;
}

// ---- compression

std::string World::compress(Slot& slot, std::uint32_t how) {
  if (!slot.half_of.empty()) {
    const auto said = "finished compressing " + slot.half_of;
    finish_compressing(slot);
    return said;
  }
  const std::size_t from = slot.style.delay_compress ? 1 : 0;
  for (std::size_t i = from; i < slot.rotated.size(); ++i) {
    auto& rotated = slot.rotated[i];
    const auto& file = names_.at(rotated.path);
    if (!rotated.extension.empty() || !file->readable || file == slot.written) continue;
    start_compressing(slot, rotated);
    const auto said = "compressed " + slot.half_of;
    if ((how & 1U) != 0) return said + " half";
    finish_compressing(slot);
    return said;
  }
  return "";
}

void World::start_compressing(Slot& slot, Rotated& rotated) {
  rotated.extension = slot.style.compression.empty() ? ".gz" : slot.style.compression;
  const auto bytes = packed(contents(rotated.path), rotated.extension);
  append(rotated.path + rotated.extension, bytes.substr(0, bytes.size() / 2));
  slot.half_of = rotated.path;
  slot.half = bytes.substr(bytes.size() / 2);
}

// As gzip does: the original's times, then the original goes.
void World::finish_compressing(Slot& slot) {
  if (slot.half_of.empty()) return;
  const auto rotated = std::find_if(slot.rotated.begin(), slot.rotated.end(),
                                    [&](const Rotated& r) { return r.path == slot.half_of; });
  const auto to = rotated->path + rotated->extension;
  append(to, slot.half);
  fs::last_write_time(to, fs::last_write_time(rotated->path));
  check(::unlink(rotated->path.c_str()) == 0, "unlink " + rotated->path);
  auto copy = std::make_shared<File>(*names_.at(rotated->path));
  names_.erase(rotated->path);
  names_[to] = copy;
  rotated->path = to;
  slot.half_of.clear();
  slot.half.clear();
}

std::string World::drop(Slot& slot) {
  finish_compressing(slot);
  if (slot.rotated.empty()) return "";
  auto said = "removed " + slot.rotated.back().path;
  drop_oldest(slot);
  return said;
}

}  // namespace dingtail::model
