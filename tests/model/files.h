// What the world does with whole files. Failures of the system are thrown: they void the trial.
#pragma once

#include <cstdint>
#include <string>

namespace dingtail::model {

void check(bool holds, const std::string& doing);
std::string contents(const std::string& path);
void append(const std::string& path, const std::string& bytes);
// What file systems give as the time, in milliseconds; it moves in ticks.
std::int64_t file_time();
// Until it is another.
void await_tick();
// Compressed as by gzip(1) or zstd(1); `extension`: ".gz" or ".zst".
std::string packed(const std::string& content, const std::string& extension);

}  // namespace dingtail::model
