// The command line: arguments in, exit code out (0 done, 1 the answer is no, 2 wrong usage). commands.cpp is
// the only user of CLI11; what each command does stands in a file of its own.
#pragma once

#include <string>
#include <vector>

namespace dingtail::app {

int main(int argc, char** argv);

struct ConfigOption {
  std::string path;    // -c FILE
  bool given = false;  // else `path` is the default one, which may be absent
};

enum class Output { kText, kJson };

int run(const ConfigOption& config, const std::vector<std::string>& logs);
int check(const ConfigOption& config, const std::vector<std::string>& files, Output output);
int test(const ConfigOption& config, const std::vector<std::string>& files, Output output);
int send(const ConfigOption& config, const std::string& target, const std::string& text);
// Asks the running agent; `request` as observe::Control's handler takes it.
int ask_agent(const ConfigOption& config, const std::string& request, Output output);

struct SandboxOptions {
  std::string listen = "127.0.0.1:8089";
  std::string secret;
  std::string token;
  std::vector<std::string> keywords;
  unsigned per_minute = 20;
  std::string tls_certificate;  // PEM files
  std::string tls_key;
  std::string delay = "0s";
  int errcode = 0;
  std::string errmsg;
  int status = 0;
  std::string reset;  // "", "before", "after"
  std::string garbage;
  std::size_t times = 0;
  Output output = Output::kText;
};
int sandbox(const SandboxOptions& options);

}  // namespace dingtail::app
