// What a trial drives: the tailer in process, or the real program.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "tail/loss.h"

namespace dingtail::model {

class Agent {
 public:
  Agent() = default;
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  virtual ~Agent() = default;

  // It reads only when told to, and time is ours.
  [[nodiscard]] virtual bool driven() const = 0;
  [[nodiscard]] virtual bool running() const = 0;
  // REQUIRES: it does not run. What is durable is all it knows.
  virtual void start() = 0;
  // These require that it runs. What it has counted is durable then:
  virtual void stop() = 0;
  virtual void kill() = 0;
  // It has read all that there is.
  virtual void look() = 0;
  // Where it is driven: lets time pass; reads about so many bytes.
  virtual void pass(base::Millis time) = 0;
  virtual void glance(std::size_t bytes) = 0;
  // All that it has counted is durable.
  virtual void commit() = 0;

  // Whenever the files are about to change.
  virtual void before_change() = 0;

  // What it has counted, durably; of each record at least "<number:".
  virtual std::vector<std::string> records() = 0;
  virtual std::vector<tail::Loss> losses() = 0;
};

struct Surroundings {
  std::string directory;
  std::vector<std::string> patterns;
  base::Log::Sink log;
  std::function<void(std::string_view record, std::string_view path)> on_record;  // where it can be had
};

using MakeAgent = std::function<std::unique_ptr<Agent>(Surroundings)>;

}  // namespace dingtail::model
