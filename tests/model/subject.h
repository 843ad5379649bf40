// The tailer in process, and what a store would hold of it: its state and the records handed out. Time is a
// variable; the wall clock is the real one, as the files' times are.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "loop/loop.h"
#include "model/agent.h"
#include "tail/tailer.h"

namespace dingtail::model {

class Subject : public Agent {
 public:
  explicit Subject(Surroundings surroundings);

  [[nodiscard]] bool driven() const override { return true; }
  [[nodiscard]] bool running() const override { return tailer_ != nullptr; }
  void start() override;
  void stop() override;
  void kill() override;
  void look() override;
  void pass(base::Millis time) override;
  void glance(std::size_t bytes) override;
  void commit() override;
  // File times come from a clock that ticks each few milliseconds, and may be older than a cut that was made
  // before. An agent's looks lie further apart than a tick; here they would not.
  void before_change() override;
  std::vector<std::string> records() override { return records_; }
  std::vector<tail::Loss> losses() override { return losses_; }

 private:
  void deliver_events();
  bool read(std::size_t bytes);
  void read_all();

  Surroundings surroundings_;
  config::Source source_;
  base::Log log_;
  base::Mono mono_{std::chrono::hours(1)};
  base::Wall read_at_{};
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<tail::Tailer> tailer_;
  std::vector<std::string> fresh_;  // records since the last commit

  // Durable.
  std::map<tail::FileId, tail::FileState> files_;
  std::set<std::string> patterns_;
  tail::Listed listed_;
  std::vector<std::string> records_;
  std::vector<tail::Loss> losses_;
};

}  // namespace dingtail::model
