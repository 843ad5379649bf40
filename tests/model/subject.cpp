#include "model/subject.h"

#include <uv.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

#include "model/files.h"

namespace dingtail::model {
namespace {

constexpr std::size_t kBudgetBytes = 64UL * 1024;

base::Wall wall() {
  return std::chrono::floor<base::Millis>(std::chrono::system_clock::now());
}

}  // namespace

Subject::Subject(Surroundings surroundings)
    : surroundings_(std::move(surroundings)), log_(surroundings_.log) {
  source_.name = "app";
  source_.paths = surroundings_.patterns;
}

void Subject::start() {
  loop_ = std::make_unique<loop::Loop>();
  tailer_ = std::make_unique<tail::Tailer>(*loop_, log_, surroundings_.directory + "/state", [] {});
  tail::TailState stored;
  for (const auto& [id, file] : files_) stored.files.push_back(file);
  stored.patterns = patterns_;
  stored.listed = listed_;
  mono_ += std::chrono::seconds(1);
  read_at_ = wall();
  tailer_->follow({source_}, std::move(stored), {mono_, read_at_});
}

void Subject::stop() {
  commit();
  kill();
}

void Subject::kill() {
  tailer_.reset();
  loop_.reset();
  fresh_.clear();
}

void Subject::deliver_events() {
  for (int i = 0; i < 4; ++i) ::uv_run(loop_->raw(), UV_RUN_NOWAIT);
}

bool Subject::read(std::size_t bytes) {
  read_at_ = wall();
  return tailer_->read({mono_, read_at_}, bytes, [this](const tail::Block& block) {
    tail::for_each_record(block, [&](std::string_view record) {
      fresh_.emplace_back(record);
      surroundings_.on_record(record, block.path);
    });
  });
}

void Subject::read_all() {
  for (int i = 0; i < 10'000; ++i)
    if (!read(kBudgetBytes)) return;
  throw std::runtime_error("read() always wants to be called again");
}

void Subject::look() {
  for (int i = 0; i < 3; ++i) {  // what the first look finds may be worth a second
    mono_ += base::Millis(100);
    deliver_events();
    read_all();
  }
}

void Subject::pass(base::Millis time) {
  const auto end = mono_ + time;
  while (mono_ < end) {
    mono_ = std::min(end, std::max(tailer_->next_deadline(), mono_ + std::max(time / 200, base::Millis(20))));
    read_all();
  }
}

void Subject::glance(std::size_t bytes) {
  mono_ += base::Millis(10);
  deliver_events();
  read(bytes);
}

void Subject::commit() {
  auto changes = tailer_->take_changes();
  for (const auto& id : changes.erased) files_.erase(id);
  for (auto& file : changes.changed) files_[file.id] = std::move(file);
  patterns_.merge(changes.patterns);
  for (const auto& [path, at] : changes.listed) {
    listed_.erase(path);
    if (at) listed_.emplace(path, *at);
  }
  std::move(changes.losses.begin(), changes.losses.end(), std::back_inserter(losses_));
  std::move(fresh_.begin(), fresh_.end(), std::back_inserter(records_));
  fresh_.clear();
}

void Subject::before_change() {
  while (base::from_unix_ms(file_time()) <= read_at_)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace dingtail::model
