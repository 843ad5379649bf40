#include "state/store.h"

#include <chrono>
#include <utility>

namespace dingtail::state {
namespace {

constexpr auto kBetweenTries = std::chrono::seconds(1);

}  // namespace

Store::Store(loop::Loop& loop, base::Log& log, Database database, std::function<void()> on_committed)
    : log_(log),
      database_(std::move(database)),
      on_committed_(std::move(on_committed)),
      answer_(loop, [this] { answered(); }),
      thread_([this] { work(); }) {}

Store::~Store() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Store::commit(Cut cut) {
  busy_ = true;
  {
    const std::lock_guard guard(mutex_);
    cut_ = std::move(cut);
  }
  wake_.notify_one();
}

void Store::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return cut_ || stopping_; });
    if (!cut_) return;
    Cut cut = std::move(*cut_);
    cut_.reset();
    lock.unlock();
    auto result = database_.write(cut);
    const bool done = result.has_value();
    lock.lock();
    last_result_ = std::move(result);
    answer_.wake();
    if (done) continue;
    const bool given_up = stopping_;
    wake_.wait_for(lock, kBetweenTries, [this] { return stopping_; });
    if (given_up) return;
    cut_ = std::move(cut);
  }
}

void Store::answered() {
  std::optional<base::Status> result;
  {
    const std::lock_guard guard(mutex_);
    result = std::exchange(last_result_, std::nullopt);
  }
  if (!result) return;
  if (!*result) {
    log_.say(base::Event::kStateFailed, "", result->error().what + "; it is tried again each second");
    return;
  }
  if (log_.over(base::Event::kStateFailed, ""))
    log_.say(base::Event::kStateBack, "", "state is written again");
  busy_ = false;
  on_committed_();
}

}  // namespace dingtail::state
