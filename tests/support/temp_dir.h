// A directory of its own for a test, gone afterwards.
#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <stdlib.h>

namespace dingtail::test {

class TempDir {
 public:
  explicit TempDir(const std::filesystem::path& in = std::filesystem::temp_directory_path()) {
    std::string name = (in / "dingtail-test.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  // Both make the directories above; the second keeps what is there.
  std::string write(const std::string& name, const std::string& text) const {
    return put(name, text, std::ios::trunc);
  }
  std::string append(const std::string& name, const std::string& text) const {
    return put(name, text, std::ios::app);
  }

 private:
  std::string put(const std::string& name, const std::string& text, std::ios::openmode mode) const {
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, mode | std::ios::binary) << text;
    return path.string();
  }

  std::filesystem::path path_;
};

}  // namespace dingtail::test
