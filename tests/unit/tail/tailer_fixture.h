// A tailer on a directory, for its tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loop/loop.h"
#include "support/log_lines.h"
#include "support/temp_dir.h"
#include "tail/tailer.h"

namespace dingtail::tail {

// A tailer on a directory, driven by hand: events are whatever inotify has, time is a variable.
class TailerTest : public testing::Test {
 protected:
  TailerTest() { start(); }

  void start(TailState stored = {}) {
    tailer.reset();
    tailer = std::make_unique<Tailer>(loop, lines.log(), dir / "state", [] {});
    follow(std::move(stored));
  }

  void follow(TailState stored = {}) { tailer->follow({source}, std::move(stored), now, {starts}); }

  // What a restart would find.
  TailState saved() {
    auto changes = tailer->take_changes();
    for (const auto id : changes.erased) state_files.erase(id);
    for (const auto& file : changes.changed) state_files[file.id] = file;
    losses.insert(losses.end(), changes.losses.begin(), changes.losses.end());
    for (const auto& [path, at] : changes.listed) {
      listed.erase(path);
      if (at) listed.emplace(path, *at);
    }
    TailState out;
    out.listed = listed;
    for (const auto& [id, file] : state_files) out.files.push_back(file);
    for (const auto& path : source.paths) out.patterns.insert(source.name + '\x1f' + path);
    return out;
  }

  // Passes `time`, and a little more, and reads all there is.
  std::vector<std::string> read(base::Millis time = std::chrono::milliseconds(100)) {
    now.mono += time;
    now.wall += time;
    std::vector<std::string> records;
    loop_events();
    const auto sink = [&](const Block& block) {
      for_each_record(block, [&](std::string_view record) { records.emplace_back(record); });
    };
    constexpr auto kSoon = std::chrono::milliseconds(50);  // a look that reading asked for
    while (tailer->read(now, 1 << 20, sink) || tailer->next_deadline() <= now.mono + kSoon)
      now.mono = std::max(now.mono, std::min(tailer->next_deadline(), now.mono + kSoon));
    return records;
  }

  // Lets inotify speak: writing a marker file guarantees that run_once() has an event to wake up for.
  void loop_events() {
    std::filesystem::create_directories(dir / "logs");
    dir.write("logs/marker", std::to_string(++markers));
    loop.run_once();
  }

  test::TempDir dir;
  test::LogLines lines;
  config::Source source = [this] {
    std::filesystem::create_directories(dir / "logs");
    config::Source out;
    out.name = "app";
    out.paths = {dir / "logs/*.log"};
    return out;
  }();
  loop::Loop loop;
  base::Now now{base::Mono{std::chrono::hours(1)}, base::Wall{std::chrono::seconds(1'700'000'000)}};
  std::unique_ptr<Tailer> tailer;
  Multiline::LineStarts starts;
  std::map<FileId, FileState> state_files;
  std::vector<Loss> losses;  // as of the last saved()
  Listed listed;
  int markers = 0;
};

}  // namespace dingtail::tail
