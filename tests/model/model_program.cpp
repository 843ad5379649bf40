// The same with the real program, real processes and kill -9 (see command.h); its long form is 200 100.
#include "model/command.h"
#include "model/program.h"

int main(int argc, char** argv) {
  using namespace dingtail::model;
  const std::string binary = DINGTAIL_BINARY;
  return run(
      argc, argv, [&](Surroundings given) { return std::make_unique<Program>(binary, std::move(given)); },
      binary);
}
