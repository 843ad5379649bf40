// A plan played on the world and on an agent, and the verdict: of each line that the agent had a chance to
// read one record, never two, never a part of one that may still be completed; what is missing is in no file
// any more.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/agent.h"
#include "model/plan.h"
#include "model/world.h"

namespace dingtail::model {

struct Counts {
  std::array<std::uint64_t, kActs> done{};  // operations that had an effect, by Act
  std::uint64_t lines = 0;
  std::uint64_t counted = 0;
  std::uint64_t gone = 0;  // not counted, and in no file any more
  std::uint64_t told = 0;  // of those, by an entry of the ledger for their log
  std::uint64_t losses = 0;

  void add(const Counts& other);
};

enum class Trace { kNone, kFull };

struct Outcome {
  Counts counts;
  std::string failure;  // empty: none
  std::string trace;    // where wanted: what was done, said and handed out
};

class Play {
 public:
  Play(const Plan& plan, const std::string& directory, Trace trace, const MakeAgent& make);

  Outcome run();

 private:
  void begin();
  void play(const Op& op);
  void play_on_agent(const Op& op);
  void look();
  void pass(base::Millis time);
  void commit();
  void finish();
  void take(std::string_view record, std::string_view path);
  void judge();
  void judge_missing(std::size_t number, const std::vector<tail::Loss>& losses);
  void note(const std::string& what);
  void fail(const std::string& what) {
    if (out_.failure.empty()) out_.failure = what;
  }

  const Plan& plan_;
  Trace trace_;
  std::string directory_;
  Outcome out_;
  World world_;
  std::unique_ptr<Agent> agent_;
  std::set<std::size_t> parts_;             // lines of which a part was handed out
  std::vector<std::size_t> lines_at_loss_;  // for each loss: the lines written before it was told
};

}  // namespace dingtail::model
