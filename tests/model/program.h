// The real program on a real robot: what it has counted is what its messages say, each msgUuid once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "integration/group.h"
#include "model/agent.h"
#include "support/notify_socket.h"
#include "support/process.h"

namespace dingtail::model {

class Program : public Agent {
 public:
  Program(std::string binary, Surroundings surroundings);

  [[nodiscard]] bool driven() const override { return false; }
  [[nodiscard]] bool running() const override { return process_ != nullptr; }
  void start() override;
  void stop() override;
  void kill() override;
  // Lines in new files are found and delivered after all that was there before.
  void look() override;
  void pass(base::Millis) override {}
  void glance(std::size_t) override {}
  void commit() override {}
  void before_change() override {}
  std::vector<std::string> records() override;
  std::vector<tail::Loss> losses() override;

 private:
  void end(int signal, int code);
  [[nodiscard]] test::Command command(std::vector<std::string> arguments) const;

  std::string binary_;
  Surroundings surroundings_;
  integration::Group group_;
  test::NotifySocket notified_;
  std::unique_ptr<test::Process> process_;
  int marks_ = 0;
};

}  // namespace dingtail::model
