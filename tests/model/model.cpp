// Random operations on real logs, the real tailer in process, and beside them a model that knows which lines
// it must have counted (world.h). See command.h; the long form is 10000 100.
#include "model/command.h"
#include "model/subject.h"

int main(int argc, char** argv) {
  using namespace dingtail::model;
  return run(
      argc, argv, [](Surroundings given) { return std::make_unique<Subject>(std::move(given)); }, "");
}
