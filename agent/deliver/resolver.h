// Names to addresses, off the loop: the system is asked on a thread of its own for each name, so that a dead
// resolver stops neither the loop nor another name nor the process's end. Each time anew; the last good
// answer is kept for when there is none. Owned by who asks; what it still waits for when it ends is dropped.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "loop/async.h"
#include "loop/loop.h"
#include "loop/timer.h"

namespace dingtail::deliver {

struct Resolved {
  std::vector<std::string> addresses;  // as text; empty: none is known
  std::string error;                   // empty, or why they are not of now
};

// Called on any thread; may block.
using LookUp = std::function<base::Result<std::vector<std::string>>(const std::string& host)>;
base::Result<std::vector<std::string>> look_up_by_system(const std::string& host);

class Resolver {
 public:
  using Done = std::function<void(const Resolved&)>;

  // Waits `patience` for an answer; where there is a good one of before, at most two seconds.
  Resolver(loop::Loop& loop, LookUp look_up, base::Millis patience);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  // Calls `done` once, from the loop itself. It must not end this object.
  void resolve(const std::string& host, Done done);
  // The addresses did not connect: from now on they begin with another.
  void blame(const std::string& host);

 private:
  struct Inbox;
  struct Name {
    bool asked = false;  // a thread is at it
    std::vector<std::string> good;
    std::size_t blamed = 0;  // how often
    std::vector<Done> waiting;
    std::unique_ptr<loop::Timer> patience;
  };

  void ask(const std::string& host);
  void take_answers();
  static void finish(Name& name, const std::string& error);

  loop::Loop& loop_;
  LookUp look_up_;
  base::Millis patience_;
  loop::Async wake_;
  std::shared_ptr<Inbox> inbox_;  // shared with the threads, which may outlive us
  std::map<std::string, Name> names_;
};

}  // namespace dingtail::deliver
