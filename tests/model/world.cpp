#include "model/world.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "model/files.h"

namespace dingtail::model {
namespace fs = std::filesystem;

World::World(std::string directory, const Plan& plan) : directory_(std::move(directory)), plan_(plan) {
  for (const char* name : {"/logs", "/logs/sub", "/real"}) fs::create_directories(directory_ + name);
  constexpr std::array kPaths{"/logs/a.log", "/logs/b.log", "/logs/sub/c.log", "/logs/link.log"};
  for (std::size_t i = 0; i < kSlots; ++i) {
    slots_.at(i).path = directory_ + kPaths.at(i);
    slots_.at(i).style = plan.styles.at(i);
  }
}

std::vector<std::string> World::patterns() const {
  if (plan_.deep_pattern) return {directory_ + "/logs/**/*.log"};
  return {directory_ + "/logs/*.log", directory_ + "/logs/sub/*.log"};
}

std::string World::apply(const Op& op) {
  random_.seed(op.how | 1U);
  auto& slot = slots_.at(op.slot);
  const bool linked = op.slot == kLinked;
  switch (op.act) {
    case Act::kWrite:
      return write(slot);
    case Act::kWritePart:
      return write_part(slot);
    case Act::kRotate:
      if (linked) return "";
      return slot.style.copy_truncate ? copy_truncate(slot, op.how) : rotate(slot, op.how);
    case Act::kReopen:
      return reopen(slot);
    case Act::kTruncate:
      return truncate(slot, op.how);
    case Act::kReplace:
      return linked ? "" : replace(slot, op.how);
    case Act::kUnlink:
      return linked ? "" : unlink(slot, op.how);
    case Act::kRemoveDirectory:
      return remove_directory(slots_.at(kInDirectory));
    case Act::kRetarget:
      return retarget(slots_.at(kLinked), op.how);
    case Act::kHide:
      return hide(slot);
    case Act::kShow:
      return show(slot);
    case Act::kCompress:
      return linked ? "" : compress(slot, op.how);
    case Act::kDrop:
      return drop(slot);
    default:
      return "";
  }
}

void World::write_all() {
  for (auto& slot : slots_) {
    random_.seed(1);
    show(slot);
    finish_compressing(slot);
    reopen(slot);
    put_line(slot, 0);
  }
}

// ---- the model

void World::glanced() {
  for (const auto& [name, file] : names_) file->was_live = file->was_live && is_live(file);
}

// What the agent remembers of a file covers its first KiB and what is before its position: a header that is
// longer, and a partial line behind that, are no mark.
bool World::is_marked(const File& file) const {
  constexpr std::size_t kHeadBytes = 1024;
  return std::any_of(file.pieces.begin(), file.pieces.end(),
                     [&](const Piece& piece) { return piece.whole || plan_.header_bytes < kHeadBytes; });
}

void World::looked(Silence silence) {
  glanced();
  for (const auto& [name, file] : names_) {
    // A former target of the link has no name that anyone told the agent.
    const bool findable = is_live(file) || file->seen || !belongs_to_link(name);
    const bool undecided = file->original && !file->original->readable && !file->seen;
    if (!file->readable || !findable || undecided) continue;
    file->seen = true;
    file->seen_apart = file->seen_apart || is_marked(*file);
    for (const auto& piece : file->pieces)
      if (piece.whole || (silence == Silence::kLong && !is_live(file))) lines_[piece.line].looked_at = true;
  }
}

void World::committed() {
  for (auto& line : lines_) line.must = line.must || line.looked_at;
  for (const auto& [name, file] : names_) {
    file->known = file->known || file->seen;
    file->told_apart = file->told_apart || file->seen_apart;
  }
}

void World::killed() {
  for (auto& line : lines_) line.looked_at = line.must;
  for (const auto& [name, file] : names_) {
    file->seen = file->known;
    file->seen_apart = file->told_apart;
  }
}

void World::gone(const File& file, Fate fate) {
  for (const auto& piece : file.pieces) {
    lines_[piece.line].fate = fate;
    lines_[piece.line].of_known_file = file.known && file.told_apart && file.was_live;
  }
}

bool World::may_be_completed(std::size_t line) const {
  bool any = false;
  for (const auto& [name, file] : names_) {
    const bool holds = std::any_of(file->pieces.begin(), file->pieces.end(),
                                   [&](const Piece& piece) { return piece.line == line && !piece.whole; });
    if (holds && !is_live(file)) return false;
    any = any || holds;
  }
  return any;
}

bool World::belongs(const std::string& path, std::size_t slot) const {
  return path.starts_with(slots_.at(slot).path) || (slot == kLinked && belongs_to_link(path));
}

bool World::belongs_to_link(const std::string& path) const {
  return path.starts_with(directory_ + "/real/");
}

World::FilePtr World::live(const Slot& slot) const {
  const auto at = names_.find(slot.target.empty() ? slot.path : slot.target);
  return at == names_.end() ? nullptr : at->second;
}

bool World::is_live(const FilePtr& file) const {
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) { return live(slot) == file; });
}

bool World::has_name(const FilePtr& file) const {
  return std::any_of(names_.begin(), names_.end(), [&](const auto& name) { return name.second == file; });
}

// ---- writing

std::string World::write(Slot& slot) {
  if (!slot.written && reopen(slot).empty()) return "";
  put_lines(slot);
  return "wrote up to line " + std::to_string(lines_.size() - 1) + " for " + slot.path;
}

std::string World::write_part(Slot& slot) {
  if (!slot.written && reopen(slot).empty()) return "";
  auto& file = *slot.written;
  if (file.pieces.empty() || file.pieces.back().whole) {
    const auto number = lines_.size();
    lines_.push_back({"<" + std::to_string(number) + ":" + std::string(random(30), 'p') + ">",
                      static_cast<std::size_t>(&slot - slots_.data()), file.number});
    file.pieces.push_back({number, false});
    file.part_bytes = 0;
  }
  const auto number = file.pieces.back().line;
  const auto& text = lines_[number].text;
  const auto to = std::min(text.size(), std::max(text.find(':') + 1, file.part_bytes) + random(12));
  put(slot, text.substr(file.part_bytes, to - file.part_bytes));
  file.part_bytes = to;
  return "wrote " + std::to_string(to) + " bytes of line " + std::to_string(number) + " for " + slot.path;
}

void World::put(Slot& slot, const std::string& bytes) {
  check(::write(slot.writer.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
        "write");
  slot.written->size += bytes.size();
}

void World::put_line(Slot& slot, std::size_t payload) {
  auto& file = *slot.written;
  if (!file.pieces.empty() && !file.pieces.back().whole) {
    auto& line = lines_[file.pieces.back().line];
    put(slot, line.text.substr(file.part_bytes) + "\n");
    file.pieces.back().whole = line.ended = true;
    return;
  }
  const auto number = lines_.size();
  lines_.push_back({"<" + std::to_string(number) + ":" + std::string(payload, 'x') + ">",
                    static_cast<std::size_t>(&slot - slots_.data()), file.number});
  lines_.back().ended = true;
  if (!has_name(slot.written)) lines_.back().fate = Fate::kDeleted;
  put(slot, lines_.back().text + "\n");
  file.pieces.push_back({number, true});
}

void World::put_lines(Slot& slot) {
  for (auto left = 1 + random(4); left > 0; --left)
    put_line(slot, random(16) == 0 ? 300 + random(1500) : random(24));
}

// Exactly so many bytes, or about as many.
void World::fill(Slot& slot, std::size_t bytes) {
  const auto end = slot.written->size + bytes;
  while (end > slot.written->size) {
    const auto left = end - slot.written->size;
    const auto frame = 4 + std::to_string(lines_.size()).size();
    put_line(slot, left < 2 * frame + 220 ? left - std::min(left, frame) : 20 + random(200));
  }
}

void World::begin_file(Slot& slot) {
  if (plan_.header_bytes > 0 && slot.written->size == 0)
    put(slot, "#" + std::string(plan_.header_bytes, 'h') + "\n");
}

// The writer opens its log's path.
std::string World::reopen(Slot& slot) {
  const bool linked = &slot == &slots_.at(kLinked);
  if (linked && slot.target.empty()) return retarget(slot, 0);
  if (const auto file = live(slot); file && !file->readable) return "";
  fs::create_directories(fs::path(slot.path).parent_path());
  open_writer(slot);
  return "the writer opened " + slot.path;
}

void World::open_writer(Slot& slot) {
  slot.writer = base::Fd(::open(slot.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  check(static_cast<bool>(slot.writer), "open " + slot.path);
  slot.written = live(slot);
  if (slot.written == nullptr) {
    slot.written = std::make_shared<File>();
    slot.written->number = files_++;
    names_[slot.target.empty() ? slot.path : slot.target] = slot.written;
  }
  begin_file(slot);
}

}  // namespace dingtail::model
