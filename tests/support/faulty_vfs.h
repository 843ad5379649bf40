// SQLite's view of a disk, over the real files: fails as it is told, and knows what a power cut would leave.
// The default VFS of the process while it lives.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace dingtail::test {

class FaultyVfs {
 public:
  enum class Call { kOpen, kRead, kWrite, kSync };

  FaultyVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = "faulty";
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    sqlite3_vfs_register(&vfs_, 1);
  }
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;
  ~FaultyVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
  }

  // Each `call` answers `code`, from the one after the next `spared` on, until healed or `times` were.
  void fail(Call call, int code, int spared = 0, int times = 1 << 30) {
    const std::lock_guard guard(mutex_);
    fault_ = Fault{call, code, spared, times};
  }
  void heal() {
    const std::lock_guard guard(mutex_);
    fault_.reset();
  }
  [[nodiscard]] int failures() const {
    const std::lock_guard guard(mutex_);
    return failures_;
  }
  [[nodiscard]] int calls(Call call) const {
    const std::lock_guard guard(mutex_);
    return calls_.at(static_cast<std::size_t>(call));
  }

  // Called after each write and sync.
  std::function<void()> on_change;

  // The database files that FROM holds, as a power cut now could leave them, to TO: all that was synced, and
  // of the rest what chance took, sector by sector. The number of writes that were lost.
  int cut(const std::string& from, const std::string& to, std::mt19937& random) const {
    const std::lock_guard guard(mutex_);
    int lost = 0;
    std::filesystem::create_directories(to);
    for (const auto& [path, image] : images_) {
      if (std::filesystem::path(path).parent_path() != from) continue;
      if (image.gone || (image.deleted && random() % 2 == 0)) continue;
      std::string bytes = image.synced;
      std::bernoulli_distribution keeps(std::uniform_real_distribution<>(0, 1)(random));
      for (const auto& write : image.unsynced) {
        for (std::size_t at = 0; at < std::max<std::size_t>(write.bytes.size(), 1); at += kSector) {
          if (keeps(random))
            write.apply(bytes, at);
          else
            ++lost;
        }
      }
      std::ofstream(std::filesystem::path(to) / std::filesystem::path(path).filename(), std::ios::binary)
          << bytes;
    }
    return lost;
  }

 private:
  static constexpr std::size_t kSector = 512;

  struct Write {
    std::size_t offset = 0;
    std::string bytes;  // empty: truncated to `offset`
    void apply(std::string& to, std::size_t at) const {
      if (bytes.empty()) return to.resize(offset);
      const auto part = std::string_view(bytes).substr(at, kSector);
      if (to.size() < offset + at + part.size()) to.resize(offset + at + part.size());
      to.replace(offset + at, part.size(), part);
    }
  };
  struct Image {
    std::string synced;
    std::vector<Write> unsynced;
    bool deleted = false;
    bool gone = false;  // deleted for good; else it may come back
  };
  struct Fault {
    Call call;
    int code;
    int spared;
    int times;
  };
  struct File : sqlite3_file {
    FaultyVfs* owner;
    Image* image;
    sqlite3_file* real;
  };

  static FaultyVfs& self(sqlite3_vfs* vfs) { return *static_cast<FaultyVfs*>(vfs->pAppData); }
  static File& self(sqlite3_file* file) { return *static_cast<File*>(file); }

  std::optional<int> fault(Call call) {
    const std::lock_guard guard(mutex_);
    ++calls_.at(static_cast<std::size_t>(call));
    if (!fault_ || fault_->call != call || fault_->spared-- > 0 || fault_->times-- <= 0) return std::nullopt;
    ++failures_;
    return fault_->code;
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    auto& owner = self(vfs);
    auto& made = self(file);
    made.pMethods = nullptr;
    if (const auto code = owner.fault(Call::kOpen)) return *code;
    made.owner = &owner;
    made.real = reinterpret_cast<sqlite3_file*>(&made + 1);
    const std::string path = name == nullptr ? "" : name;
    {
      const std::lock_guard guard(owner.mutex_);
      made.image = &owner.images_[path];
      if (made.image->deleted) *made.image = {};
      std::ifstream in(path, std::ios::binary);
      if (made.image->unsynced.empty()) made.image->synced.assign(std::istreambuf_iterator<char>(in), {});
    }
    const int code = owner.real_->xOpen(owner.real_, name, made.real, flags, out);
    if (made.real->pMethods != nullptr) made.pMethods = methods();
    return code;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    auto& owner = self(vfs);
    {
      const std::lock_guard guard(owner.mutex_);
      auto& image = owner.images_[name];
      image.deleted = true;
      image.gone = sync_directory != 0;
    }
    return owner.real_->xDelete(owner.real_, name, sync_directory);
  }

  int change(Image& image, Write write) {
    {
      const std::lock_guard guard(mutex_);
      image.unsynced.push_back(std::move(write));
    }
    if (on_change) on_change();
    return SQLITE_OK;
  }

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    auto& to = self(file);
    if (const auto code = to.owner->fault(Call::kWrite)) return *code;
    if (const int code = to.real->pMethods->xWrite(to.real, bytes, size, offset); code != SQLITE_OK)
      return code;
    return to.owner->change(*to.image,
                            {static_cast<std::size_t>(offset),
                             std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))});
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    auto& to = self(file);
    if (const int code = to.real->pMethods->xTruncate(to.real, size); code != SQLITE_OK) return code;
    return to.owner->change(*to.image, {static_cast<std::size_t>(size), {}});
  }

  // Remembered only: what the real disk does is not in question here, and takes long.
  static int sync(sqlite3_file* file, int /*flags*/) {
    auto& to = self(file);
    if (const auto code = to.owner->fault(Call::kSync)) return *code;
    {
      const std::lock_guard guard(to.owner->mutex_);
      for (const auto& write : to.image->unsynced)
        for (std::size_t at = 0; at < std::max<std::size_t>(write.bytes.size(), 1); at += kSector)
          write.apply(to.image->synced, at);
      to.image->unsynced.clear();
    }
    if (to.owner->on_change) to.owner->on_change();
    return SQLITE_OK;
  }

  static int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
    auto& from = self(file);
    if (const auto code = from.owner->fault(Call::kRead)) return *code;
    return from.real->pMethods->xRead(from.real, bytes, size, offset);
  }

  // Version 1: no shared memory, which a database that is locked for one process does without.
  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods kMethods = [] {
      sqlite3_io_methods out{};
      out.iVersion = 1;
      out.xClose = [](sqlite3_file* file) { return self(file).real->pMethods->xClose(self(file).real); };
      out.xRead = read;
      out.xWrite = write;
      out.xTruncate = truncate;
      out.xSync = sync;
      out.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
        return self(file).real->pMethods->xFileSize(self(file).real, size);
      };
      out.xLock = [](sqlite3_file* file, int level) {
        return self(file).real->pMethods->xLock(self(file).real, level);
      };
      out.xUnlock = [](sqlite3_file* file, int level) {
        return self(file).real->pMethods->xUnlock(self(file).real, level);
      };
      out.xCheckReservedLock = [](sqlite3_file* file, int* held) {
        return self(file).real->pMethods->xCheckReservedLock(self(file).real, held);
      };
      out.xFileControl = [](sqlite3_file* file, int what, void* value) {
        return self(file).real->pMethods->xFileControl(self(file).real, what, value);
      };
      out.xSectorSize = [](sqlite3_file* file) {
        return self(file).real->pMethods->xSectorSize(self(file).real);
      };
      out.xDeviceCharacteristics = [](sqlite3_file* file) {
        return self(file).real->pMethods->xDeviceCharacteristics(self(file).real);
      };
      return out;
    }();
    return &kMethods;
  }

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  mutable std::mutex mutex_;
  std::map<std::string, Image> images_;
  std::optional<Fault> fault_;
  std::array<int, 4> calls_{};
  int failures_ = 0;
};

}  // namespace dingtail::test
