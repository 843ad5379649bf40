#include "state/store.h"

#include <utility>

namespace dingtail::state {

Store::Store(loop::Loop& loop, base::Log& log, Keeper keeper, Calls calls, Pace pace)
    : log_(log),
      calls_(std::move(calls)),
      pace_(pace),
      keeper_(std::move(keeper)),
      timer_(loop, [this] { timed(); }),
      answer_(loop, [this] { answered(); }) {
  const auto outcome = keeper_.outcome();
  durable_ = outcome.kept == Kept::kDurable;
  tell(outcome);
  timer_.start(durable_ ? pace_.until_tidy : pace_.between_tries);
  thread_ = std::thread([this] { work(); });
}

Store::~Store() {
  if (thread_.joinable()) close();
}

bool Store::close() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  for (const auto& answer : answers_) tell(answer.outcome);
  const auto kept = answers_.back().outcome.kept;
  durable_ = kept == Kept::kDurable;
  return kept != Kept::kBroken;
}

void Store::commit(Cut cut) {
  busy_ = true;
  {
    const std::lock_guard guard(mutex_);
    work_.cut = std::move(cut);
  }
  wake_.notify_one();
}

void Store::timed() {
  {
    const std::lock_guard guard(mutex_);
    (durable_ ? work_.tidy : work_.retry) = true;
  }
  wake_.notify_one();
}

void Store::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return work_.cut || work_.retry || work_.tidy || stopping_; });
    const bool last = stopping_;
    if (last) work_.retry = work_.tidy = true;
    auto work = std::exchange(work_, {});
    lock.unlock();
    auto answer = do_work(std::move(work));
    lock.lock();
    answers_.push_back(std::move(answer));
    answer_.wake();
    if (last) return;
  }
}

Store::Answer Store::do_work(Work work) {
  const bool of_commit = work.cut.has_value();
  if (of_commit) keeper_.commit(std::move(*work.cut));
  if (work.retry) keeper_.retry();
  if (work.tidy) keeper_.tidy();
  return {keeper_.outcome(), of_commit, work.retry, work.tidy};
}

void Store::answered() {
  std::vector<Answer> answers;
  {
    const std::lock_guard guard(mutex_);
    answers = std::exchange(answers_, {});
  }
  for (const auto& answer : answers) take(answer);
}

void Store::take(const Answer& answer) {
  const auto kept = answer.outcome.kept;
  const bool was_durable = std::exchange(durable_, kept == Kept::kDurable);
  tell(answer.outcome);
  if (kept == Kept::kBroken) return calls_.on_broken();
  if (!durable_ && (was_durable || answer.of_retry)) timer_.start(pace_.between_tries);
  if (durable_ && !answer.of_tidy) timer_.start(pace_.until_tidy);
  if (!answer.of_commit) return;
  busy_ = false;
  calls_.on_committed();
}

void Store::tell(const Outcome& outcome) {
  for (const auto& told : outcome.told) log_.say(told.event, told.subject, *told.detail);
  if (outcome.kept == Kept::kBroken)
    log_.say(base::Event::kStateFailed, "",
             outcome.why + "; the state can be trusted no longer: the agent ends, to start anew from it");
  else if (outcome.kept == Kept::kInMemory)
    log_.say(base::Event::kStateFailed, "",
             outcome.why + "; state is kept in memory, and writing it tried again each second");
  else if (log_.over(base::Event::kStateFailed, ""))
    log_.say(base::Event::kStateBack, "", "state is written again");
}

}  // namespace dingtail::state
